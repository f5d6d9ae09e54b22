"""The ground: a loss as a graph of single numbers, in canonical form."""
