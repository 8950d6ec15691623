"""What explains a unit without a language model."""
