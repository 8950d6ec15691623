"""Sparse probing: how few units suffice to read a feature, exactly and against the truth."""
