"""Drawings with Graphviz: graphs of scalars, networks of neurons, programs of blocks; walks through them."""
