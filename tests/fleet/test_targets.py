"""The targets of a fleet: read from files and functions, and chosen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from alembic_proof.errors import SettingsError
from alembic_proof.fleet import Shard, Target, TargetsError, from_file, from_function, select

ROOT = Path("/srv/shop")


@pytest.mark.parametrize(
    ("line", "name", "url", "schema"),
    [
        ("north sqlite:////data/north.db", "north", "sqlite+pysqlite:////data/north.db", None),
        ("north\tsqlite:////data/north.db", "north", "sqlite+pysqlite:////data/north.db", None),
        ("  Café 12, first floor   sqlite:////a b.db ", "Café 12, first floor", "sqlite+pysqlite:////a b.db", None),
        ("relative sqlite:///north.db", "relative", "sqlite+pysqlite:////srv/shop/north.db", None),
        ("pg postgres://u:p%40@h/d", "pg", "postgresql+psycopg://u:p%40@h/d", None),
        ("pg postgresql://h/d  schema=t1", "pg", "postgresql+psycopg://h/d", "t1"),
        ("my mariadb+asyncmy://h/d", "my", "mariadb+pymysql://h/d", None),
    ],
)
def test_a_line(line: str, name: str, url: str, schema: str | None) -> None:
    """A name, with blanks if it has any, a URL, and perhaps a schema."""
    (target,) = from_file([line], "malls.txt", ROOT)
    assert (target.name, target.schema) == (name, schema)
    assert target.address.render_as_string(hide_password=False) == url


def test_what_does_not_count() -> None:
    """Empty lines and comments."""
    assert from_file(["", "   ", "# north sqlite:///north.db", "\n"], "malls.txt", ROOT) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["north"], "malls.txt, line 1: write a name, a blank and a URL"),
        (["", "postgresql://u:secret@h/d"], "malls.txt, line 2: write a name"),
        (["north oracle://u:secret@h/d"], "The URL of north (malls.txt, line 1) names the unknown database 'oracle'"),
        (["north postgresql://u:sec@ret@h:x/d"], "The URL of north (malls.txt, line 1) is not a URL"),
        (["north postgresql://u:secret@h/"], "names no database"),
        (["north sqlite:////n.db schema=x"], "north names the schema x; only PostgreSQL has schemas"),
        (["north postgresql://u:secret@h/d schema=$user"], "PostgreSQL takes it for the name of the user"),
        (["north postgresql://u:secret@h/d schema=Mall 4"], "after the URL of north only schema=NAME may follow"),
        (["north postgresql://u:secret@h/d # the first"], "malls.txt, line 1: a comment (#) needs a line of its own"),
        (["north sqlite:////n.db  # the first"], "malls.txt, line 1: a comment (#) needs a line of its own"),
        (["a sqlite:////1.db", "a sqlite:////2.db"], "malls.txt has two targets that are called a"),
        (["a\x07b sqlite:////1.db"], "is no name"),
    ],
)
def test_a_bad_line_is_refused_without_its_password(lines: list[str], words: str) -> None:
    """In one sentence that says where."""
    with pytest.raises((TargetsError, SettingsError)) as error:
        from_file(lines, "malls.txt", ROOT)
    assert words in str(error.value)
    assert "secret" not in str(error.value)
    assert "sec@ret" not in str(error.value)


def test_a_target_does_not_show_its_url() -> None:
    """Not where it is printed, nor in a list."""
    assert "secret" not in repr([Target("a", "postgresql://u:secret@h/d")])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return [('a', 'sqlite:////a.db'), ['b', 'postgresql://h/d', 't1']]", [("a", None), ("b", "t1")]),
        ("yield Target('a', make_url('sqlite:////a.db'))", [("a", None)]),
        ("yield Target('b', make_url('postgresql://u:pw@h/d'), 't1')", [("b", "t1")]),
        ("yield 'a', URL.create('postgresql', database='My Mall')", [("a", None)]),
        ("return [('a', None)]", "malls:targets: the URL of a is no text but NoneType"),
        ("return [('a', b'sqlite://')]", "malls:targets: the URL of a is no text but bytes"),
        ("return [('a', 'postgresql://h/d', 17)]", "malls:targets: the schema of a is no text but int"),
        ("return [('a',)]", "malls:targets must return a Target, or a name, a URL"),
        ("return ['abc']", "malls:targets must return a Target, or a name, a URL"),
        ("return [('a', 'sqlite:////a.db'), ('a', 'sqlite:////b.db')]", "two targets that are called a"),
        ("raise ValueError('bad postgresql://u:secret@h/d')", "ValueError: bad postgresql://u:***@h/d"),
        ("return None", "targets = 'malls:targets': TypeError"),
    ],
)
def test_a_function(
    body: str, expected: list[tuple[str, str | None]] | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It returns targets or tuples; anything else is told in a sentence."""
    (tmp_path / "malls.py").write_text(
        "from alembic_proof.fleet import Target\nfrom sqlalchemy import URL, make_url\n\n\ndef targets():\n    "
        + body
        + "\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "malls", raising=False)
    if isinstance(expected, str):
        with pytest.raises(TargetsError) as error:
            from_function("malls:targets", ROOT)
        assert expected in str(error.value)
        assert "secret" not in str(error.value)
    else:
        assert [(target.name, target.schema) for target in from_function("malls:targets", ROOT)] == expected


def _named(*names: str) -> list[Target]:
    return [Target(name, f"sqlite:////{number}.db") for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("only", "exclude", "expected"),
    [
        ([], [], ["a-1", "a-2", "b-1", "[c]"]),
        (["a-*"], [], ["a-1", "a-2"]),
        (["b-1", "a-2"], [], ["a-2", "b-1"]),
        ([], ["*-1", "[c]"], ["a-2"]),
        (["a-*"], ["a-2"], ["a-1"]),
        (["[c]"], [], ["[c]"]),
    ],
)
def test_select(only: list[str], exclude: list[str], expected: list[str]) -> None:
    """By patterns, in the order of the fleet."""
    assert [target.name for target in select(_named("a-1", "a-2", "b-1", "[c]"), only, exclude)] == expected


def test_a_pattern_that_fits_none_is_an_error() -> None:
    """It is probably misspelled, and an upgrade of nothing would look like a success."""
    with pytest.raises(TargetsError, match=r"No target is called c\*: the names are a, b"):
        select(_named("a", "b"), only=["c*"])


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("2/5", {}, (2, 5)),
        ("1/1", {}, (1, 1)),
        ("auto/5", {"JOB_COMPLETION_INDEX": "0"}, (1, 5)),
        ("auto/5", {"JOB_COMPLETION_INDEX": "4"}, (5, 5)),
        ("auto", {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}, (2, 3)),
        ("auto", {"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "3"}, (1, 3)),
        ("auto", {"BUILDKITE_PARALLEL_JOB": "2", "BUILDKITE_PARALLEL_JOB_COUNT": "3"}, (3, 3)),
        ("0/5", {}, "write which of how many parts"),
        ("6/5", {}, "write which of how many parts"),
        ("2", {}, "write which of how many parts"),
        ("x/y", {}, "write which of how many parts"),
        ("auto", {}, "no variable tells which part this is"),
        ("auto", {"JOB_COMPLETION_INDEX": "0"}, "no variable tells which part this is"),
        ("auto/5", {"JOB_COMPLETION_INDEX": "5"}, "the job runner says that this is part 6/5"),
    ],
)
def test_a_shard(text: str, environment: dict[str, str], expected: tuple[int, int] | str) -> None:
    """Given, or told by what runs the job."""
    if isinstance(expected, str):
        with pytest.raises(SettingsError, match=expected):
            Shard.parse(text, environment)
    else:
        assert Shard.parse(text, environment) == Shard(*expected)


def test_ten_thousand_names_with_odd_letters_are_shared_out() -> None:
    """Each is in one part, the parts are about equal, and a new target moves no other."""
    letters = "aß漢'\"%;-{}$()\\🛒 é"
    names = [f"{letters[n % len(letters)]}{n}{letters[-n % len(letters) :]}".strip() for n in range(10_000)]
    lines = [f"{name} sqlite:////data/{n}.db" for n, name in enumerate(names)]
    targets = from_file(lines, "malls.txt", ROOT)
    assert [target.name for target in targets] == names
    parts = [select(targets, shard=Shard(number, 5)) for number in range(1, 6)]
    assert sorted(target.name for part in parts for target in part) == sorted(names)
    assert all(1_800 < len(part) < 2_200 for part in parts)
    assert [target.name for target in select(targets[:-1], shard=Shard(2, 5))] == [
        target.name for target in parts[1] if target.name != names[-1]
    ]
