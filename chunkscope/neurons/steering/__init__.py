"""Networks led by a unit or a state at every step, and what they then predict."""
