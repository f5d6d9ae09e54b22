"""The first floor: vectors and matrices hidden in a graph of single numbers."""
