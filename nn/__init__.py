"""Networks of Values and their training."""
