"""Text of a program, printed and never read again: NumPy, JAX, JavaScript, Python over floats."""
