"""The same as machine code: graphs of single numbers over several examples at once, and loops over arrays."""
