"""Models and pictures in files."""
