"""The tables. Put a model in any module of this package, at any depth: it is registered by being here."""

from importlib import import_module
from pathlib import Path

from .base import Base

__all__ = ["Base"]

# A list of imports would be one forgotten line away from a table that autogenerate proposes to drop.
_HERE = Path(__file__).parent
for _file in sorted(_HERE.rglob("*.py")):
    _parts = _file.relative_to(_HERE).with_suffix("").parts
    if not any(part.startswith(".") for part in _parts):  # an editor's hidden file
        import_module(".".join((__name__, *_parts)).removesuffix(".__init__"))
