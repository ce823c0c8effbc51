"""Empty databases to try things out on, and how the connections of a process are led to them."""

from __future__ import annotations

from .process import environment, quiet
from .redirect import Sandbox
from .scratch import SCRATCH_VARIABLE, Server, engine, exists, read_only_engine, scratch_database

__all__ = [
    "SCRATCH_VARIABLE",
    "Sandbox",
    "Server",
    "engine",
    "environment",
    "exists",
    "quiet",
    "read_only_engine",
    "scratch_database",
]
