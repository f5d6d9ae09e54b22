"""The second floor: statements about arrays, forward and backward, with loops over steps."""
