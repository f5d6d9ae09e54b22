"""Words and formulas: what values are called, how rules are written, what a lecturer says at each step."""
