"""Planted compounds: how few units tell them, and what else those units answer to."""
