"""Explanations by a language model, behind any endpoint that speaks as OpenAI's does."""
