"""The table in docs/failures.md is true: every entry ends somewhere, and every test that it names is one."""

import re
import subprocess
import sys

import pytest
from conftest import TEMPLATE, Project

ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (TEMPLATE / "docs/failures.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [SL]\d\d ", line)
]
# The ids of the catalogue that the table follows; some numbers are not in use.
UNUSED = {"S05", "S20", "S24", "S28", "S29", "S33", "S37", "S38", "S42", "S47", "S57", "S58"} | {
    "L26", "L36", "L42", "L43", "L44", "L51", "L52"
}  # fmt: skip
IDS = {f"S{n:02}" for n in range(1, 63)} | {f"L{n:02}" for n in range(1, 62)}


@pytest.fixture(scope="session")
def collected() -> set[str]:
    """The names of all tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "tests"]
    done = subprocess.run(command, cwd=TEMPLATE, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    return {line for line in done.stdout.splitlines() if line.startswith("tests/")}


def test_every_entry_has_a_row() -> None:
    """In the catalogue's order."""
    assert [row[0].strip("| ") for row in ROWS] == [
        *sorted(id for id in IDS - UNUSED if id[0] == "S"),
        *sorted(id for id in IDS - UNUSED if id[0] == "L"),
    ]


def test_every_row_names_tests_that_exist(collected: set[str]) -> None:
    """Whatever is prevented or caught is shown to be."""
    for row in ROWS:
        assert re.match(r"\*\*(prevented by|caught by|out of reach because)\*\* ", row[2]), row
        named = re.findall(r"`(tests/[^`]+)`", row[3])
        assert bool(named) != row[2].startswith("**out of reach"), row
        for test in named:
            assert any(one == test or one.startswith(f"{test}[") for one in collected), f"{row[0]}: {test}"


def test_every_check_that_is_named_is_one(project: Project) -> None:
    """And explained by the doctor."""
    explained = project.ok("python", "-m", "shop.db", "doctor", "--explain", "all")
    checks = set(re.findall(r"^([a-z-]+) \((?:static|probe|scratch|live):", explained, re.MULTILINE))
    for row in ROWS:
        assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", row[2])) <= checks, row
