"""Superposition: more features than units, where it was built in and where a network learns it."""
