"""Exceptions of networks and their data, beside those of `autograd.errors`.

    RerollError
    ├── DataError (OSError)                 data that cannot be had: missing, damaged or out of reach
    └── UsageError
        └── UnknownColumnError (KeyError)   numbers that a history does not have
"""

from __future__ import annotations

from autograd.errors import RerollError, UsageError


class DataError(RerollError, OSError):
    """Data that cannot be had: missing, damaged or out of reach; the message says what to do."""


class UnknownColumnError(UsageError, KeyError):
    """Numbers that a history does not have; the message names those there are."""

    __str__ = Exception.__str__  # that of KeyError puts the message in quotes
