"""Known attractors compared: regimes of one system, noise, and compositions of motifs."""
