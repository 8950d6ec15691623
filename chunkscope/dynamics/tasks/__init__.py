"""Networks that learn a composed task after none, some or all of its parts."""
