"""Runs compared through their training: with each other, and with themselves a little before."""
