"""`python -m autograd` says what can be run; the package itself is for import."""

import sys

from autograd.command import printed

MESSAGE = """\
autograd is imported, not run. These commands use it:
  python -m viz "(x + y) * z" x=-2 y=5 z=-4    backpropagation through an expression, told and drawn
  python -m nn xor                             a network that learns XOR

and this is a beginning in Python:
  >>> from autograd import Value
  >>> x = Value(3.0)
  >>> y = x * x
  >>> y.backward()
  >>> x.grad
  6.0
"""


def main() -> int:
    """Print what to run in its place; exit code 2, since nothing was done."""
    print(MESSAGE, end="", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(printed("python -m autograd", main))
