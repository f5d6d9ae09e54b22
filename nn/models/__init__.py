"""Neurons, and what is made of them: a file for each kind of model."""
