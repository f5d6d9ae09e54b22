"""The exceptions of reroll, drawn as a tree.

    RerollError                     everything this software raises on purpose
    ├── NumberError (TypeError)     an operand that is not a real number
    ├── NumberRangeError (OverflowError)  an integer too large for a float
    ├── UsageError (ValueError)     a call that cannot mean anything
    │   └── SizeError               the wrong number of values
    ├── AnomalyError (FloatingPointError)  nan or inf out of finite numbers
    ├── TraceError (TypeError)      a loss the compiler cannot trace
    ├── MissingAttributeError (AttributeError)  an attribute that a value has not
    ├── FileError (OSError)         a file that cannot be written
    ├── MissingPackageError (ImportError)  a package of an extra is not installed
    └── CompilerError (AssertionError)  a bug in reroll: a program that disagrees with its graph

Each one also is the built-in exception that fits, so ``except TypeError`` works as usual.
"""

from __future__ import annotations


class RerollError(Exception):
    """The root of every exception that reroll raises on purpose."""


class NumberError(RerollError, TypeError):
    """An operand that is not a real number: text, None, a complex number, an array of many."""


class NumberRangeError(RerollError, OverflowError):
    """An integer or fraction that no float64 can hold."""


class UsageError(RerollError, ValueError):
    """A call that cannot mean anything; the message says what would."""


class SizeError(UsageError):
    """The wrong number of values; the message says how many were expected and how many came."""


class AnomalyError(RerollError, FloatingPointError):
    """A nan or inf that came out of finite numbers, found by ``detect_anomaly``."""


class TraceError(RerollError, TypeError):
    """A loss whose course depends on data, so that one trace cannot stand for every example."""


class MissingAttributeError(RerollError, AttributeError):
    """An attribute that a value has not, and cannot be given."""


class FileError(RerollError, OSError):
    """A file that cannot be written; the message says why and what to do."""


class MissingPackageError(RerollError, ImportError):
    """A package that is needed for this is not installed."""


class CompilerError(RerollError, AssertionError):
    """A compiled program that disagrees with its scalar graph: a bug in reroll, never in user code."""
