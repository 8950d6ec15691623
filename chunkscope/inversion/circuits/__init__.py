"""Which sites together carry a feature from one input to another, found in each network."""
