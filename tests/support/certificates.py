"""One SSL context for all connections: PyMySQL makes one for each, and reads all certificates of the machine for it.

That takes 50 to 150 milliseconds, longer than most statements of a test.
"""

from __future__ import annotations

import functools
import ssl


def read_once() -> None:
    """Let this process, and those that are forked from it, read the certificates once."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]
    ssl.create_default_context(cafile=None, capath=None)
