"""Activity in which the units that carry a feature are planted, and rankings compared on it."""
