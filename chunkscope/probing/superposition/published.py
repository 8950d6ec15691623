"""What was published about the fingerprint of superposition (Gurnee et al., arXiv 2305.01610)."""

PAPER = "arXiv 2305.01610"
SOURCE = "tables in the authors' repository"
LAYER_1 = {
    "70M": -0.36,
    "160M": -0.41,
    "410M": -0.21,
    "1B": -0.69,
    "1.4B": -0.44,
    "2.8B": -0.60,
    "6.9B": -1.40,
}
"""Pythia model -> median over the units of layer 1 of input norm times bias, layer norm folded."""
