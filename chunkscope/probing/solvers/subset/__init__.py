"""The exact search for the best k units of a probe: bounds, fits by the batch, branch and bound."""
