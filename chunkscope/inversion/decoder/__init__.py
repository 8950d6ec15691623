"""A decoder draws inputs that would give an activation, where they cannot all be enumerated."""
