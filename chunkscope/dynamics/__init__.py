"""How alike systems are over time: dynamical similarity (DSA) beside geometric measures."""
