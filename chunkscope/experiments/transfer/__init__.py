"""Induced compositionality: does a grafted state speed up the learning of a longer word?"""
