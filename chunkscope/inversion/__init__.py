"""What an activation stores, read as the set of inputs that give nearly the same activation."""
