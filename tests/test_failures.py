"""The table in docs/failures.md is true: every entry ends somewhere, and every test and check that it names is one."""

from __future__ import annotations

import ast
import re

import pytest
from support.project import REPOSITORY

from alembic_proof.doctor.checks import ORDER

ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in (REPOSITORY / "docs/failures.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [SL]\d\d ", line)
]
# The ids of the catalogue that the table follows; some numbers are not in use.
UNUSED = {"S05", "S20", "S24", "S28", "S29", "S33", "S37", "S38", "S42", "S47", "S57", "S58"} | {
    "L26", "L36", "L42", "L43", "L44", "L51", "L52"
}  # fmt: skip
IDS = {f"S{n:02}" for n in range(1, 63)} | {f"L{n:02}" for n in range(1, 62)}


def test_every_entry_has_a_row() -> None:
    """In the catalogue's order."""
    expected = [id for kind in "SL" for id in sorted(IDS - UNUSED) if id[0] == kind]
    assert [row[0] for row in ROWS] == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_ends_somewhere(row: list[str]) -> None:
    """Whatever is prevented or caught is shown to be, by tests that exist, and by checks that exist."""
    assert re.match(r"\*\*(prevented by|caught by|out of reach because)\*\* ", row[2])
    tests = re.findall(r"`(tests/[^`]+)`", row[3])
    assert bool(tests) != row[2].startswith("**out of reach")
    for file, function, parameter in (re.fullmatch(r"(.+)::(\w+)(?:\[(.+)\])?", test).groups() for test in tests):  # type: ignore[union-attr]
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        assert function in {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        assert not parameter or f'"{parameter}"' in text
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", row[2])) <= {check.id for check in ORDER}
