"""Small wheels, to be put where a wheel of the library is looked for."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_wheel(directory: Path, version: str, code: str) -> Path:
    """Write a wheel of a package of the library's name with nothing but some code in it; return the file."""
    path = directory / f"alembic_proof-{version}-py3-none-any.whl"
    info = f"alembic_proof-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("alembic_proof/__init__.py", code)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: alembic-proof\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path
