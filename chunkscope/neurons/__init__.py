"""White-box neurons: how well can what a unit does be said, and foretold from what was said?"""
