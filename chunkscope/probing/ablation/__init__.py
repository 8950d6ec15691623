"""Context units: found by single-unit probes, then ablated."""
