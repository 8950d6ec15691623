"""chunkscope: what do a network's activations store? Five published readings, scored against truth.

The package is imported room by room (``from chunkscope.store import ActivationStore``), so that
nothing pays for a library it does not use.
"""

__version__ = "0.1.0"
