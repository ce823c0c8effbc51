"""What alembic.ini and pyproject.toml tell Alembic."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from alembic_proof.doctor import configuration
from alembic_proof.doctor.configuration import Configuration, find_config
from alembic_proof.errors import SettingsError, UndeterminedError


def written(directory: Path, ini: str | None = None, toml: str | None = None) -> Configuration:
    """Write the files and read them, as alembic.ini if there is one."""
    for name, text in (("alembic.ini", ini), ("pyproject.toml", toml)):
        if text is not None:
            (directory / name).write_text(text, encoding="utf-8")
    return Configuration.read(directory / ("pyproject.toml" if ini is None else "alembic.ini"), "alembic")


INI = "[alembic]\nscript_location = %(here)s/migrations\n"


@pytest.mark.parametrize(
    ("ini", "toml", "option", "value"),
    [
        (INI, None, "script_location", "HERE/migrations"),
        (INI + "file_template = %%(rev)s\n", None, "file_template", "%(rev)s"),
        (INI + "sqlalchemy.url = x://u:a%40b@h\n", None, "sqlalchemy.url", "x://u:a%40b@h"),  # Alembic fails on it
        (None, '[tool.alembic]\nscript_location = "%(here)s/m"\n', "script_location", "HERE/m"),
        (None, '[tool.alembic]\nversion_locations = ["a", "b"]\n', "version_locations", f"a{os.pathsep}b"),
        (INI, '[tool.alembic]\nscript_location = "other"\n', "script_location", "HERE/migrations"),
        (INI, "[project]\nname = 'x'\n", "script_location", "HERE/migrations"),
    ],
)
def test_an_option(tmp_path: Path, ini: str | None, toml: str | None, option: str, value: str) -> None:
    """From either file, alembic.ini first."""
    assert written(tmp_path, ini, toml).options[option] == value.replace("HERE", str(tmp_path))


@pytest.mark.parametrize(
    ("ini", "error", "sections"),
    [
        (INI, "", []),
        ("[alembic]\n[alembic]\nx://u:s3cret@h", "it cannot be read: DuplicateSectionError", []),
        (f"{INI}a = x://u:s3cret@h\na = b\n", "it cannot be read: DuplicateOptionError: a is set twice", []),
        ("[shop]\nscript_location = m\n", "it has no [alembic], but [shop]", ["shop"]),
        ("[a]\nscript_location = m\n[b]\nscript_location = n\n", "it has no [alembic], but [a], [b]", ["a", "b"]),
        ("[loggers]\nkeys = root\n", "", []),
        ("[DEFAULT]\nscript_location = m\n[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\n", "", []),
    ],
)
def test_an_ini_that_is_of_no_use(tmp_path: Path, ini: str, error: str, sections: list[str]) -> None:
    """The error shows nothing that is in the file but names of sections."""
    configuration = written(tmp_path, ini)
    assert (configuration.error, configuration.sections) == (error, sections)


def test_what_was_read_before_a_fault(tmp_path: Path) -> None:
    """An option that is set twice leaves the ones before it as they are."""
    configuration = written(tmp_path, f"{INI}timezone = UTC\ntimezone = CET\n")
    assert configuration.options["script_location"] == f"{tmp_path}/migrations"
    assert configuration.unread == 4


def test_a_toml_that_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Because it is broken, or because this Python has no reader."""

    def no_reader() -> None:
        raise SettingsError("install tomli")

    broken = written(tmp_path, toml="[tool.alembic]\nx = = 1\n")
    assert broken.error == "pyproject.toml cannot be read: TOMLDecodeError"
    monkeypatch.setattr(configuration, "toml_loads", no_reader)
    assert "install tomli" in written(tmp_path, toml="[tool.alembic]\nx = 1\n").error


def test_conflicting_options(tmp_path: Path) -> None:
    """Set in both files, to different values."""
    toml = '[tool.alembic]\nscript_location = "%(here)s/migrations"\nfile_template = "a"\nprepend_sys_path = "x"\n'
    conflicting = written(tmp_path, INI + "file_template = b\n", toml).conflicting
    assert conflicting == ["file_template"]


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ("", []),
        ("version_locations = a b,c, d:e\n", ["a", "b", "c", "d", "e"]),  # without a separator, as it ever was
        ("version_locations = a b:c\npath_separator = os\n", ["a b", "c"]),
        ("version_locations = a b\npath_separator = space\n", ["a", "b"]),
        ("version_locations = a\n  b\nversion_path_separator = newline\n", ["a", "b"]),
        ("version_locations = a;b\npath_separator = ;\n", ["a", "b"]),
    ],
)
def test_several_paths(tmp_path: Path, options: str, paths: list[str]) -> None:
    """Split as Alembic splits them."""
    assert written(tmp_path, INI + options).paths("version_locations") == paths


@pytest.mark.parametrize(
    ("files", "start", "expected"),
    [
        ({"alembic.ini": INI}, ".", "alembic.ini"),
        ({"alembic.ini": INI}, "a/b", "alembic.ini"),
        ({"pyproject.toml": "[tool.alembic]\n"}, "a", "pyproject.toml"),
        ({"alembic.ini": INI, "pyproject.toml": "[tool.alembic]\n"}, ".", "alembic.ini"),
        ({"alembic.ini": INI, "a/pyproject.toml": "[project]\n"}, "a", "alembic.ini"),
        ({"alembic.ini": INI, "a/pyproject.toml": "[tool.alembic]\n"}, "a/b", "a/pyproject.toml"),
        ({"a/b/alembic.ini": INI, "a/b/env.py": ""}, ".", "a/b/alembic.ini"),
        ({"a/b/alembic.ini": INI, "a/b/env.py": "", "a/alembic.ini": INI}, ".", "a/b/alembic.ini"),
        ({"a/b/alembic.ini": INI, "a/b/env.py": "", "alembic.ini": INI}, "a", "alembic.ini"),
    ],
)
def test_the_nearest_configuration(tmp_path: Path, files: dict[str, str], start: str, expected: str) -> None:
    """In the directory or above it; else the only one below it that lies beside an env.py."""
    (tmp_path / "a/b").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert find_config(tmp_path / start) == tmp_path / expected


def test_no_configuration(tmp_path: Path) -> None:
    """A sentence says what was looked for, and what to do."""
    with pytest.raises(UndeterminedError, match=r"There is no alembic\.ini, .* or name the file with --config\."):
        find_config(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for file in ("alembic.ini", "env.py"):
            (tmp_path / name / file).touch()
    with pytest.raises(UndeterminedError, match="or name the file"):  # there are two
        find_config(tmp_path)
