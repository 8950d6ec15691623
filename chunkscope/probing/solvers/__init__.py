"""Fits of probes: logistic, all single units at once, elastic net, hinge, and the best subset."""
