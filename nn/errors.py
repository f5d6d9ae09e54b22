"""Exceptions of networks and their data, beside those of `autograd.errors`.

    RerollError
    └── DataError (OSError)    data that cannot be had: missing, damaged or out of reach
"""

from __future__ import annotations

from autograd.errors import RerollError


class DataError(RerollError, OSError):
    """Data that cannot be had: missing, damaged or out of reach; the message says what to do."""
