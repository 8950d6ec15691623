"""Sparsity against width: probes of networks that differ in their width alone."""
