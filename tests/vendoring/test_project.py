"""A newer version of the library in a project: wheel, pin and uv's source change together, or nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomllib

from alembic_proof.vendoring import wheel
from alembic_proof.vendoring.project import VendoringError, vendor

OLD = "1.0.0+h000000000000"
PYPROJECT = f"""\
[project]
name = "shop"
dependencies = [
    "alembic[tz]>=1.20",
    "alembic-proof=={OLD}",  # the wheel in vendor/
]

[dependency-groups]
lint = ['Alembic_Proof[lint] == {OLD} ; python_version > "3.10"']

[tool.alembic-proof]
models = ["shop.models"]

[tool.uv.sources]
other = {{ path = "vendor/other.whl" }}
alembic-proof = {{ path = "{OLD}" }}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source tree of the library."""
    root = tmp_path / "clone"
    (root / "src/alembic_proof").mkdir(parents=True)
    (root / "src/alembic_proof/__init__.py").write_text('__version__ = "1.1.0"\n')
    (root / "LICENSE").write_text("MIT\n")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "alembic-proof"\ndescription = "x"\nrequires-python = ">=3.10"\nlicense = "MIT"\n'
        "dependencies = []\n"
    )
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an older wheel of the library, and one of something else."""
    root = tmp_path / "shop"
    (root / "vendor").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "vendor" / wheel.filename(OLD)).write_text("old")
    (root / "vendor/other.whl").write_text("other")
    return root


def test_wheel_pin_and_source_change_together(source: Path, project: Path) -> None:
    """In every place where the library is asked for, and nowhere else."""
    vendored = vendor(source, project)
    version = wheel.version(source)
    assert (vendored.before, vendored.version) == (OLD, version)
    assert {path.name for path in (project / "vendor").iterdir()} == {wheel.filename(version), "other.whl"}
    assert vendored.wheel == project / "vendor" / wheel.filename(version)
    table = tomllib.loads((project / "pyproject.toml").read_text())
    assert table["project"]["dependencies"] == ["alembic[tz]>=1.20", f"alembic-proof=={version}"]
    assert table["dependency-groups"]["lint"] == [f'Alembic_Proof[lint]=={version}; python_version > "3.10"']
    assert table["tool"]["uv"]["sources"]["alembic-proof"] == {"path": f"vendor/{wheel.filename(version)}"}
    assert table["tool"]["uv"]["sources"]["other"] == {"path": "vendor/other.whl"}
    rest = [line for line in (project / "pyproject.toml").read_text().splitlines() if version not in line]
    assert rest == [line for line in PYPROJECT.splitlines() if OLD not in line]


def test_a_second_time_changes_nothing(source: Path, project: Path) -> None:
    """The same version: the same bytes."""
    vendor(source, project)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    vendored = vendor(source, project)
    assert vendored.before == vendored.version
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("sources", "result"),
    [
        ("", '\n\n[tool.uv.sources]\nalembic-proof = { path = "vendor/NEW" }\n'),
        ("[tool.uv.sources]\nx = 1\n", '[tool.uv.sources]\nalembic-proof = { path = "vendor/NEW" }\nx = 1\n'),
        (
            "[tool.uv.sources]\n'alembic_proof' = {path='old', editable=false}\n",
            "[tool.uv.sources]\n'alembic_proof' = {path=\"vendor/NEW\", editable=false}\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_uvs_source_is_added_or_changed(source: Path, project: Path, sources: str, result: str, newline: str) -> None:
    """Without another change of the file: line ends and comments stay."""
    head = f'[project]\nname = "shop"\ndependencies = ["alembic-proof=={OLD}"]  # 한국어\n'
    (project / "pyproject.toml").write_bytes((head + sources).replace("\n", newline).encode())
    vendor(source, project)
    expected = (
        head.replace(OLD, wheel.version(source)).rstrip() if not sources else head.replace(OLD, wheel.version(source))
    )
    expected += result.replace("NEW", wheel.filename(wheel.version(source)))
    assert (project / "pyproject.toml").read_bytes().decode() == expected.replace("\n", newline)


@pytest.mark.parametrize(
    ("dependencies", "words"),
    [
        ("[]", "does not require alembic-proof: add "),
        ('["alembic"]', "does not require alembic-proof: add "),
        ('["alembic-proof-plugin==1"]', "does not require alembic-proof: add "),
        ('["alembic-proof>=1,<2"]', "'alembic-proof>=1,<2', which an index fulfils"),
        ('["alembic-proof"]', "'alembic-proof', which an index fulfils"),
        ('["alembic-proof==1.*"]', "'alembic-proof==1.*', which an index fulfils"),
        (f'["alembic-proof=={OLD}", "alembic-proof[lint]"]', "'alembic-proof[lint]', which an index fulfils"),
    ],
)
def test_a_project_that_does_not_pin_it_is_left_alone(
    source: Path, project: Path, dependencies: str, words: str
) -> None:
    """The sentence says what to write."""
    text = f"[project]\ndependencies = {dependencies}\n[tool.uv.sources]\nalembic-proof = {{ path = 'x' }}\n"
    (project / "pyproject.toml").write_text(text)
    with pytest.raises(VendoringError) as error:
        vendor(source, project)
    assert words in str(error.value)
    assert f"alembic-proof=={wheel.version(source)}" in str(error.value)
    assert (project / "pyproject.toml").read_text() == text
    assert [path.read_text() for path in sorted((project / "vendor").iterdir())] == ["old", "other"]


@pytest.mark.parametrize("missing", ["pyproject.toml", "LICENSE", "src/alembic_proof/__init__.py"])
def test_another_directory_is_refused(source: Path, project: Path, missing: str) -> None:
    """It is named, with what is missing in it."""
    (source / missing).unlink()
    with pytest.raises(VendoringError, match=rf"clone has no {missing}: give the directory of a clone"):
        vendor(source, project)


def test_a_directory_without_a_project_is_refused(source: Path, tmp_path: Path) -> None:
    """As when the command is run in another directory."""
    with pytest.raises(VendoringError, match="There is no "):
        vendor(source, tmp_path)


@pytest.mark.parametrize(("lock", "first"), [(True, "uv sync"), (False, "pip install -e . --group dev -f vendor")])
def test_the_next_steps_are_the_projects(source: Path, project: Path, lock: bool, first: str) -> None:
    """With uv where it has a lock file, else with pip; the doctor, then what to commit."""
    if lock:
        (project / "uv.lock").touch()
    steps = vendor(source, project).next_steps
    assert steps[0] == first
    assert "alembic-proof doctor" in steps[1]
    assert steps[2].startswith("git add --all vendor pyproject.toml")
