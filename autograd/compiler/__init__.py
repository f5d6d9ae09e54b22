"""From a scalar graph to a matrix program."""
