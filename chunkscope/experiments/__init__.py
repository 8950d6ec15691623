"""Experiments of the papers: each trains its own networks, measures them and judges its claims."""
