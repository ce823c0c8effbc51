"""The tables. Put a model in any module of this package, at any depth: it is registered by being here."""

from importlib import import_module
from pathlib import Path

from .base import Base

__all__ = ["Base"]

# Import every module, so that Base.metadata knows every table. A list of imports would be one forgotten line (or
# one linter run) away from a table that no migration creates, or that autogenerate proposes to drop.
_here = Path(__file__).parent
for _file in sorted(_here.rglob("*.py")):
    _module = ".".join((__name__, *_file.relative_to(_here).with_suffix("").parts)).removesuffix(".__init__")
    if ".." not in _module:  # an editor's hidden file or directory
        import_module(_module)
