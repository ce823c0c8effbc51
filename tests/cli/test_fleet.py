"""``alembic-proof fleet``."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from support.fleets import CREATE_GOODS, CREATE_SHOP, Fleet, making_fleet

from alembic_proof.cli import main
from alembic_proof.fleet.history import history


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Two SQLite files at the first of two revisions; the project is the working directory."""
    with making_fleet("sqlite", 2, tmp_path) as made:
        made.revision("r1", CREATE_SHOP, "op.drop_table('shop')")
        assert made.upgrade()[0].ok
        made.revision("r2", CREATE_GOODS, "op.drop_table('goods')")
        made.file()
        monkeypatch.chdir(made.directory)
        history.cache_clear()
        return made


def test_status_upgrade_drift_check_downgrade(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    """In turn, with their exit codes."""
    targets = ["--targets", "targets.txt"]
    assert main(["fleet", "status", *targets]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "mall-1  behind by 1 revision  at r1",
        "mall-2  behind by 1 revision  at r1",
        "2 targets: 2 behind",
    ]
    assert main(["fleet", "upgrade", *targets, "--workers", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "2 targets: 2 behind. Going to upgrade 2 targets to r2: first mall-1, then 1 other, 1 at a time."
    assert told[-1] == "2 targets: 2 upgraded"
    assert main(["fleet", "check", *targets]) == 0
    capsys.readouterr()
    assert main(["fleet", "check", "r1", *targets]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "mall-1  ahead  at r2",
        "mall-2  ahead  at r2",
        "2 targets: 2 ahead",
    ]
    fleet.rows("mall-2", "DROP INDEX ix_goods_price")
    assert main(["fleet", "check", *targets]) == 1
    assert main(["fleet", "drift", *targets, "--only", "mall-1"]) == 0
    capsys.readouterr()
    assert main(["fleet", "drift", "--models", *targets]) == 1  # of which there are none
    assert "2 of 2: remove_table shop\n    mall-1, mall-2\n" in capsys.readouterr().out
    assert main(["fleet", "downgrade", "r1", *targets, "--exclude", "mall-2", "--workers", "1"]) == 0
    assert main(["fleet", "status", "r1", *targets, "--exclude", "mall-2"]) == 0


def test_json(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    """The report only, on the standard output."""
    assert main(["fleet", "status", "--targets", "targets.txt", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["head"] == ["r2"]
    assert [(target["name"], target["state"], target["revisions"], target["behind"]) for target in told["targets"]] == [
        ("mall-1", "behind by 1 revision", ["r1"], 1),
        ("mall-2", "behind by 1 revision", ["r1"], 1),
    ]
    assert main(["fleet", "upgrade", "--targets", "targets.txt", "--json", "--workers", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["interrupted"] is False
    assert [target["after"] for target in told["targets"]] == [["r2"], ["r2"]]
    fleet.rows("mall-1", "DROP INDEX ix_goods_price")
    assert main(["fleet", "drift", "--targets", "targets.txt", "--json"]) == 1
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    assert "lacks index ix_goods_price" in target["differences"][0]
    assert main(["fleet", "check", "--targets", "targets.txt", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"]["summary"], told["drift"]["total"]) == ("2 targets: 2 at head", 2)


def test_targets_from_the_standard_input(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that passwords need not be in a file."""
    monkeypatch.setattr("sys.stdin", io.StringIO(Path("targets.txt").read_text()))
    assert main(["fleet", "status", "--targets", "-", "--shard", "1/1"]) == 1
    assert "2 targets: 2 behind" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "The standard input cannot be read: it is closed."),
        (
            io.TextIOWrapper(io.BytesIO(b"n\xe4rth sqlite:///n.db"), "utf-8"),
            "The standard input cannot be read: 'utf-8'",
        ),
    ],
)
def test_a_standard_input_that_cannot_be_read(
    given: io.TextIOWrapper | None,
    words: str,
    fleet: Fleet,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Is said in a sentence."""
    monkeypatch.setattr("sys.stdin", given)
    assert main(["fleet", "status", "--targets", "-"]) == 2
    assert words in capsys.readouterr().err


def test_targets_from_the_project(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that the settings name."""
    monkeypatch.syspath_prepend(fleet.directory)
    Path("malls_of_this_test.py").write_text(f"def all_of_them():\n    return [('only', {fleet.url('mall-1')!r})]\n")
    Path("pyproject.toml").write_text('[tool.alembic-proof]\ntargets = "malls_of_this_test:all_of_them"\n')
    assert main(["fleet", "status"]) == 1
    assert "only  behind by 1 revision" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status"], "No targets: give --targets FILE"),
        (["status", "--targets", "nowhere.txt"], "nowhere.txt cannot be read"),
        (["status", "--targets", "/dev/null"], "There are no targets"),
        (["status", "--targets", "targets.txt", "--exclude", "*"], "There are no targets"),
        (["status", "--targets", "targets.txt", "--only", "x*"], "No target is called x*"),
        (["status", "nonesuch", "--targets", "targets.txt"], "nonesuch"),
        (["downgrade", "--targets", "targets.txt"], "downgrade needs a REVISION"),
        (["upgrade", "+1", "--targets", "targets.txt"], "+1 is another revision for each target"),
        (["downgrade", "-1", "--targets", "targets.txt"], "-1 is another revision for each target"),
        (["upgrade", "--models", "--targets", "targets.txt"], "--models is for drift and check"),
        (["drift", "r1", "--models", "--targets", "targets.txt"], "--models is for drift and check"),
        (["upgrade", "--targets", "targets.txt", "--workers", "0"], "0 is not a number from 1 on"),
        (["upgrade", "--targets", "targets.txt", "--dask", "tcp://127.0.0.1:1"], "No Dask scheduler answers"),
    ],
)
def test_bad_arguments(
    arguments: list[str], words: str, fleet: Fleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, exit code 2, and nothing was changed."""
    try:
        code: object = main(["fleet", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert words in capsys.readouterr().err
    assert fleet.rows("mall-1", "SELECT version_num FROM alembic_version") == [("r1",)]
