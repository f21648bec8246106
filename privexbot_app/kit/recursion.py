"""Keep the interpreter's recursion limit where it is, whatever a library does to it on import.

The limit is what ends a request with deeply nested JSON in an error. Where a library raises it a hundredfold, as py_ecc
does, the same request overruns the stack and takes the whole process with it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def recursion_limit_kept() -> Iterator[None]:
    """Around the import of a library that changes the limit.

    >>> import sys
    >>> before = sys.getrecursionlimit()
    >>> with recursion_limit_kept():
    ...     sys.setrecursionlimit(100_000)
    >>> sys.getrecursionlimit() == before
    True
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
