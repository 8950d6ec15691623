"""Iterative pruning: what probes lose as the best units are taken away."""
