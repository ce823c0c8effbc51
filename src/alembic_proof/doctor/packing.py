"""The library as one file, which any Python can run: ``python doctor.pyz --config path/to/alembic.ini``."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ..errors import UndeterminedError

_MAIN = """\
import sys
from alembic_proof.cli.entry import run
run(["doctor", *sys.argv[1:]])
"""


def pack(archive: Path) -> None:
    """Write an archive that runs the doctor. Raises UndeterminedError where this library is in an archive itself."""
    package = Path(__file__).parents[1]
    if not package.is_dir():
        raise UndeterminedError(f"{package.parent} is such a file already: copy it")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("__main__.py", _MAIN)
        for path in sorted(package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                packed.write(path, path.relative_to(package.parent).as_posix())
