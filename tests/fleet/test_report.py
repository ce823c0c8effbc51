"""What a fleet's commands print."""

from __future__ import annotations

import io
import json
import os

import pytest

from alembic_proof.fleet import Standing, State, Target
from alembic_proof.fleet.dispatch import Running
from alembic_proof.fleet.report import Line, Progress, as_json, counted, of_standing, summary, table

TARGET = Target("north", "sqlite:////n.db")


@pytest.mark.parametrize(
    ("standing", "state", "detail", "ok"),
    [
        (Standing(TARGET, State.AT_HEAD, frozenset({"r2"})), "at head", "", True),
        (Standing(TARGET, State.BEHIND, frozenset({"r1"}), 2), "behind by 2 revisions", "at r1", False),
        (Standing(TARGET, State.BEHIND, frozenset({"b", "a"}), 1), "behind by 1 revision", "at a, b", False),
        (
            Standing(TARGET, State.UNKNOWN, frozenset({"r9"}), 0, "a reason"),
            "unknown revision",
            "at r9; a reason",
            False,
        ),
        (Standing(TARGET, State.NEVER, behind=3), "never migrated", "", False),
        (Standing(TARGET, State.UNREACHABLE, detail="a reason"), "unreachable", "a reason", False),
    ],
)
def test_of_standing(standing: Standing, state: str, detail: str, ok: bool) -> None:
    """The state in words, and what is known besides."""
    line = of_standing(standing)
    assert (line.state, line.detail, line.ok) == (state, detail, ok)


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 targets"), (1, "1 target"), (2, "2 targets"), (1000, "1000 targets")]
)
def test_counted(number: int, expected: str) -> None:
    """A number with its noun."""
    assert counted(number, "target") == expected


def test_table_and_summary() -> None:
    """Columns, then how many of each state."""
    lines = [Line("north", "at head"), Line("south-east", "behind by 1 revision", "at r1", ok=False)]
    assert list(table(lines)) == [
        "north       at head",
        "south-east  behind by 1 revision  at r1",
    ]
    assert summary(["at head", "behind", "at head"]) == "3 targets: 2 at head, 1 behind"
    assert summary([]) == "0 targets: none"


def test_as_json() -> None:
    """Names with any letters, and whatever is known besides."""
    told = json.loads(as_json([Line('Café "7"', "failed", "why", False, {"seconds": 1.5})], total=1))
    assert told == {
        "total": 1,
        "targets": [{"name": 'Café "7"', "state": "failed", "detail": "why", "ok": False, "seconds": 1.5}],
    }


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(_Terminal(), True), (io.StringIO(), False)])
def test_progress(stream: io.StringIO, shown: bool) -> None:
    """Count, failures, rate and what is slow, on a terminal only; it is taken away in the end."""
    running = Running(jobs={"slow one": 0.0})
    progress = Progress(10, running, stream)
    progress.count(ok=True)
    progress.count(ok=False)
    assert progress.text().startswith("2/10 done, 1 failed, ")
    assert progress.text().endswith("per second, slow: slow one")
    progress.show()
    progress.clear()
    assert ("2/10 done" in stream.getvalue()) is shown
    assert stream.getvalue().endswith("\r") is shown


@pytest.mark.parametrize(("columns", "width"), [(40, 39), (0, 79)])
def test_progress_has_one_line_of_a_narrow_terminal(columns: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer one would stay, as it begins further up."""
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    stream = _Terminal()
    monkeypatch.setattr(stream, "fileno", lambda: 2)
    Progress(10, Running(jobs={"x" * 200: 0.0}), stream).show()
    assert len(stream.getvalue().strip("\r")) == width
