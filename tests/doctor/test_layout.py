"""Where a project has its files. Nothing of it is run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alembic_proof.doctor.layout import Layout
from alembic_proof.doctor.project import Project
from alembic_proof.errors import UndeterminedError
from alembic_proof.sandbox import SCRATCH_VARIABLE

Lay = Callable[[dict[str, str]], Project]
HEAD = "[alembic]\nscript_location = "


@pytest.mark.parametrize(
    ("ini", "scripts", "versions"),
    [
        (f"{HEAD}%(here)s/migrations\n", "migrations", ["migrations/versions"]),
        (f"{HEAD}migrations\n", "migrations", ["migrations/versions"]),
        (f"{HEAD}src/shop/migrations\n", "src/shop/migrations", ["src/shop/migrations/versions"]),
        (f"{HEAD}shop:migrations\n", "src/shop/migrations", ["src/shop/migrations/versions"]),
        (f"{HEAD}missing\n", "missing", ["missing/versions"]),
        (
            f"{HEAD}migrations\nversion_locations = migrations/versions more\n",
            "migrations",
            ["migrations/versions", "more"],
        ),
    ],
)
def test_scripts_and_versions(lay: Lay, ini: str, scripts: str, versions: list[str]) -> None:
    """As the options say; a package may lie in src/."""
    files = {"migrations/env.py": "", "src/shop/migrations/versions/x": "", "more/x": "", "alembic.ini": ini}
    project = lay(files)
    assert project.name(project.scripts) == scripts
    assert [project.name(path) for path in project.versions] == versions
    assert project.env == project.scripts / "env.py"


@pytest.mark.parametrize(
    ("config", "location", "root"),
    [
        ("alembic.ini", "%(here)s/migrations", "."),
        ("conf/alembic.ini", "migrations", "."),  # as the alembic command is run in the directory above
        ("conf/alembic.ini", "%(here)s/../migrations", "conf"),
        ("migrations/alembic.ini", "", "."),  # Flask-Migrate
    ],
)
def test_the_root(tmp_path: Path, config: str, location: str, root: str) -> None:
    """The directory from which relative paths start."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/env.py").touch()
    (tmp_path / config).parent.mkdir(exist_ok=True)
    (tmp_path / config).write_text(f"{HEAD}{location}\n" if location else "[alembic]\n")
    layout = Layout(tmp_path / config)
    assert layout.root == (tmp_path / root).resolve()
    assert layout.scripts.resolve() == tmp_path / "migrations"
    assert layout.spelled("alembic check") == ("alembic check" if location else "flask db check")


@pytest.mark.parametrize(
    ("files", "scripts", "app", "root"),
    [
        ([], "migrations", "", "."),
        ([], "db/migrations", "", "db"),
        (["app.py"], "db/migrations", "", "."),
        ([".flaskenv"], "shop/db/migrations", "", "."),
        (["wsgi.py", "db/app.py"], "db/migrations", "", "db"),
        (["wsgi.py", "db/app.py"], "db/migrations", "run:app", "db"),  # nothing is called so
        (["run.py", "db/app.py"], "db/migrations", "run:create_app()", "."),
        (["shop/__init__.py", "shop/app.py"], "shop/migrations", "", "."),
        (["shop/__init__.py", "shop/app.py"], "shop/migrations", "shop.app", "."),
    ],
)
def test_the_root_of_flask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], scripts: str, app: str, root: str
) -> None:
    """Where the flask command is run."""
    monkeypatch.setenv("FLASK_APP", app)
    for file in (*files, f"{scripts}/env.py", f"{scripts}/alembic.ini"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("[alembic]\n" if file.endswith("ini") else "")
    layout = Layout(tmp_path / scripts / "alembic.ini")
    assert layout.root == (tmp_path / root).resolve()
    assert layout.scripts == tmp_path / scripts


@pytest.mark.parametrize(
    ("package", "imports", "others", "root"),
    [
        ("shop", "from shop.models import Base", ["shop/__init__.py"], "."),
        ("shop/db", "import shop.models", ["shop/__init__.py", "shop/db/__init__.py"], "."),
        ("src/shop/alembic", "from alembic import context\nimport shop", ["src/shop/__init__.py"], "src"),
        ("shop", "import shop", ["shop/__init__.py", "shop/shop/__init__.py"], "shop"),  # of a project's own name
        ("shop", "import shop", ["shop/__init__.py", "shop/src/shop/__init__.py"], "shop"),
        ("shop", "import shop", [], "shop"),
        ("shop", "import store", ["shop/__init__.py"], "shop"),
    ],
)
@pytest.mark.parametrize("location", ["", "/migrations"])
def test_a_configuration_inside_of_a_package(
    tmp_path: Path, package: str, imports: str, others: list[str], root: str, location: str
) -> None:
    """The project is the directory from which env.py imports the package."""
    ini = f"[alembic]\nscript_location = %(here)s{location}\n"
    files = {f"{package}/alembic.ini": ini, f"{package}{location}/env.py": imports, **dict.fromkeys(others, "")}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    layout = Layout(tmp_path / package / "alembic.ini")
    assert layout.root == (tmp_path / root).resolve()


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("from alembic_proof import connect, options\n", True),
        ("    import alembic_proof\n", True),
        ("from alembic_proof.url import database_url\n", True),
        ("from alembic_proofs import x\n", False),
        ("# from alembic_proof import connect\n", False),
        ("text = 'from alembic_proof import connect'\n", False),
    ],
)
def test_whether_env_uses_the_library(lay: Lay, text: str, uses: bool) -> None:
    """It imports it."""
    assert lay({"migrations/env.py": text}).uses_library is uses


@pytest.mark.parametrize(
    ("toml", "models", "error"),
    [
        ("", (), ""),
        ('[tool.alembic-proof]\nmodels = ["shop"]\n', ("shop",), ""),
        ('[tool.alembic-proof]\nmodel = ["shop"]\n', (), "Did you mean models?"),
        ("[tool.alembic-proof\n", (), "is not valid TOML"),
    ],
)
def test_settings(lay: Lay, toml: str, models: tuple[str, ...], error: str) -> None:
    """Where they cannot be read, the defaults hold, and the error is kept."""
    project = lay({"pyproject.toml": toml})
    assert project.settings.models == models
    assert error in project.settings_error
    assert bool(project.settings_error) == bool(error)


@pytest.mark.parametrize(
    ("files", "variables", "server"),
    [
        ({}, {}, ""),
        ({".env": "SHOP_URL=sqlite:///x.db\n"}, {}, ""),
        ({".env": "SHOP_URL=postgresql+psycopg://h/d\n"}, {}, "this is a postgresql project"),
        ({".env": 'OTHER=1\nSHOP_URL="mysql://h/d"\n'}, {}, "this is a mysql project"),
        ({".env.example": "SHOP_URL=mariadb+pymysql://h/d\n"}, {}, "this is a mariadb project"),
        ({}, {"SHOP_URL": "postgres://h/d"}, "this is a postgres project"),
        ({".env": "SHOP_URL=mysql://h/d\n"}, {SCRATCH_VARIABLE: "mysql://h/d"}, ""),
        (
            {".env": "SHOP_URL=mariadb://h/d\n"},
            {SCRATCH_VARIABLE: "postgres://h/d"},
            "this is a mariadb project, and TEST_DATABASE_URL leads to postgresql: set",
        ),
        ({".env": "SHOP_URL=mysql://h/d\n"}, {SCRATCH_VARIABLE: "secret"}, ""),  # connecting says what is wrong
        ({".env": "SHOP_URL=sqlite:///x.db\n"}, {SCRATCH_VARIABLE: "mysql://h/d"}, ""),
        ({".env": "DATABASE_URL=mysql://h/d\n"}, {}, ""),
    ],
)
def test_a_missing_server(
    lay: Lay, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], variables: dict[str, str], server: str
) -> None:
    """The project is on a server, as far as its files and the environment tell, and no scratch database is on one."""
    for name in ("SHOP_URL", SCRATCH_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    project = lay({"pyproject.toml": '[tool.alembic-proof]\ndatabase-variable = "SHOP_URL"\n', **files})
    assert project.missing_server.startswith(server)
    assert bool(project.missing_server) == bool(server)


FILES = {
    "main.py": "import sqlalchemy",
    "notes.py": "print()",
    "src/shop/models.py": "__tablename__ = 'x'",
    "tests/conftest.py": "import sqlalchemy",
    "test_x.py": "import sqlalchemy",
    ".venv/pyvenv.cfg": "",
    ".venv/lib/x.py": "import sqlalchemy",
    "env/pyvenv.cfg": "",
    "env/lib/x.py": "import sqlalchemy",
    "other/alembic.ini": "",
    "other/models.py": "import sqlalchemy",
    "build/models.py": "import sqlalchemy",
    "broken.py": "import sqlalchemy\nclass (:",
}


def test_its_own_files(lay: Lay) -> None:
    """Not those of a virtual environment, of another project inside it, or of a build."""
    project = lay(FILES)
    names = {project.name(path) for path in project.files}
    assert names == {"main.py", "notes.py", "src/shop/models.py", "tests/conftest.py", "test_x.py", "broken.py"}
    assert {project.name(path) for path in project.database_files} == {"main.py", "src/shop/models.py", "broken.py"}
    assert {project.name(path) for path in project.files_with(b"sqlalchemy")} == {"main.py"}


def test_a_file_that_cannot_be_read(lay: Lay) -> None:
    """Says where, and by which Python."""
    project = lay(FILES)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for _ in range(2):  # the second time, it is known
        with pytest.raises(UndeterminedError, match=rf"^broken\.py:2 cannot be read as Python {version}: "):
            project.tree(project.root / "broken.py")
    with pytest.raises(UndeterminedError, match=r"gone\.py cannot be opened"):
        project.tree(project.root / "gone.py")


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("ROOT/main.py", True),
        ("ROOT/.venv/lib/python3.11/site-packages/x.py", False),
        ("ROOTER/main.py", False),
        ("<string>", False),
        ("", False),
        (None, False),
    ],
)
def test_what_belongs_to_the_project(lay: Lay, path: str | None, inside: bool) -> None:
    """And not to a library."""
    project = lay({})
    assert project.is_inside(path.replace("ROOT", str(project.root)) if path else path) is inside


@pytest.mark.parametrize(
    ("module", "own"),
    [("shop", True), ("shop.absent", True), ("main", True), ("absent", False), ("", False), ("sqlalchemy", False)],
)
def test_a_module_that_would_be_the_projects_own(lay: Lay, module: str, own: bool) -> None:
    """Its package or file exists at the root, or in src/."""
    assert lay(FILES).has_module(module) is own


@pytest.mark.parametrize(("option", "names"), [("", ["a1"]), ("recursive_version_locations = true\n", ["a1", "b2"])])
def test_revisions(lay: Lay, option: str, names: list[str]) -> None:
    """The files that assign a text to revision, in the directories that Alembic reads."""
    files = {
        "alembic.ini": f"{HEAD}%(here)s/migrations\n{option}",
        "migrations/versions/a1.py": "revision: str = 'a1'\ndown_revision = None\n",
        "migrations/versions/helper.py": "revision = None\n",
        "migrations/versions/2026/b2.py": "revision = 'b2'\ndown_revision = ('a1',)\n",
    }
    assert sorted(values["revision"] for values in lay(files).revisions.values()) == names


def test_a_name_has_a_line(lay: Lay) -> None:
    """And is relative, if it is in the project."""
    project = lay({})
    assert project.name(project.env, 3) == "migrations/env.py:3"
    assert project.name("/elsewhere/x.py") == "/elsewhere/x.py"
