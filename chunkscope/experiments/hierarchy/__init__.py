"""Hierarchy: do the states of networks grow with the words that their corpus is composed of?"""
