"""A schema as a database's own catalogue has it, and how two of them differ; and tables built from models."""

from __future__ import annotations

from .build import build, buildable, model_names, prepare, table_names, without_views
from .diff import Difference, compare, describe
from .snapshot import JOURNAL, Schema, catalogue, gather, own_tables, read, statements

__all__ = [
    "JOURNAL",
    "Difference",
    "Schema",
    "build",
    "buildable",
    "catalogue",
    "compare",
    "describe",
    "gather",
    "model_names",
    "own_tables",
    "prepare",
    "read",
    "statements",
    "table_names",
    "without_views",
]
