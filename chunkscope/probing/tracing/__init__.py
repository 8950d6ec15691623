"""Probes through training: the same rows at every kept checkpoint."""
