"""Latents: a few directions at a time that the activity of a site is a sum of."""
