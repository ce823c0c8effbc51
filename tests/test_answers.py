"""Hostile answers: each is refused in one sentence before anything is written, or works throughout."""

import ast
import configparser
import json
import keyword
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import tomllib
from conftest import BIN, TEMPLATE, Bake, Project, bake_into
from cookiecutter.exceptions import FailedHookException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Refusals = Callable[[dict[str, Any], str], Iterator[str]]
CONTEXT = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
SOUND = {
    **{key: value for key, value in CONTEXT.items() if key.startswith("_")},
    **dict.fromkeys(("description", "author_name", "author_email"), ""),
    "project_name": "Shop",
    "database": "sqlite",
    "license": "MIT",
}


@pytest.fixture(scope="module")
def refusals() -> Refusals:
    """The function of the pre-generation hook."""
    source = (TEMPLATE / "hooks/pre_gen_project.py").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "hook"}
    exec(re.sub(r"\{\{.*tojson.*\}\}", "'{}'", source), namespace)
    return namespace["refusals"]  # type: ignore[no-any-return]


def of_slug(refusals: Refusals, slug: str) -> list[str]:
    """Return what the hook says of a slug, when everything else is as it should be."""
    names = {"project_slug": slug, "__package_name": slug.replace("-", "_"), "__directory": slug}
    return list(refusals({**SOUND, **names}, slug))


TAKEN = [
    "class",
    "match",
    "lambda",
    "json",
    "test",
    "tests",
    "alembic",
    "sqlalchemy",
    "dotenv",
    "python-dotenv",
    "pytest",
]
TAKEN += [
    "psycopg",
    "pymysql",
    "mako",
    "migrations",
    "tomllib",
    "distutils",
    "con",
    "mysql",
    "postgres",
    "pip",
    "ruff",
    "conftest",
    "test-models",
]
MALFORMED = ["", "..", "../up", "a/b", "/abs", "a\\b", "2fast", "-a", "a-", "a--b", "A", "가게", "a b", "a.b", "x" * 51]
MALFORMED += ["a\n", "_a", "a'", 'a"', "{{a}}", "%a", "a\u202eb", "\ud800"]


@pytest.mark.parametrize("slug", TAKEN)
def test_a_taken_name_is_refused(refusals: Refusals, slug: str) -> None:
    """It would hide a module that the project needs."""
    said = of_slug(refusals, slug)
    assert len(said) == 1
    assert "take another" in said[0] or "small letters" in said[0]


@pytest.mark.parametrize("slug", MALFORMED)
def test_a_malformed_slug_is_refused(refusals: Refusals, slug: str) -> None:
    """It would be no directory, no distribution or no package."""
    assert any("small letters" in sentence for sentence in of_slug(refusals, slug))


@pytest.mark.parametrize("slug", ["a", "shop", "my-service", "my_service", "a1-b2_c3", "x" * 50, "alembics"])
def test_a_sound_slug_is_accepted(refusals: Refusals, slug: str) -> None:
    """Nothing is refused without a reason."""
    assert of_slug(refusals, slug) == []


def installed_with(*distributions: str) -> set[str]:
    """Return the names of distributions and of all that they need, as far as it is installed here."""
    found: set[str] = set()
    queue = list(distributions)
    while queue:
        name = re.split(r"[^A-Za-z0-9._-]", queue.pop())[0].lower().replace("_", "-")
        if name not in found:
            with suppress(metadata.PackageNotFoundError):
                needs = metadata.requires(name) or []
                queue += [need for need in needs if "extra ==" not in need]
                found.add(name)
    return found


def test_every_module_that_a_project_installs_is_taken(refusals: Refusals) -> None:
    """Its distributions, and the modules in them."""
    drivers = [database["driver"] for database in CONTEXT["_databases"].values() if database["driver"]]
    needs = installed_with("alembic", "python-dotenv", "sqlalchemy", "tzdata", "psycopg-binary", *drivers)
    needs |= installed_with("mypy", "pytest", "pytest-alembic", "ruff")
    assert len(needs) > 15
    modules = {
        module.lower()
        for module, distributions in metadata.packages_distributions().items()
        if needs & {distribution.lower().replace("_", "-") for distribution in distributions}
    }
    accepted = [name for name in needs | modules if not of_slug(refusals, name)]
    assert accepted == []


@given(slug=st.one_of(st.text(max_size=60), st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True)))
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_slug_is_accepted_is_a_package_of_its_own(refusals: Refusals, slug: str) -> None:
    """An identifier in ASCII, no keyword, no module of Python's, the same on every file system."""
    if not of_slug(refusals, slug):
        package = slug.replace("-", "_")
        assert package.isidentifier()
        assert package == package.lower()
        assert package.isascii()
        assert not keyword.iskeyword(package)
        assert package not in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("project_name", "  ", "project_name is empty"),
        ("description", "two\nlines", "line break"),
        ("description", "x" * 201, "longer than 200"),
        ("author_name", "\u202egnitset", "U+202E"),
        ("author_name", "\ud800", "U+D800"),
        ("author_email", "nobody", "author_email is not"),
        ("author_email", "a@b, c@d", "author_email is not"),
        ("author_email", "김@example.com", "author_email is not"),
        ("author_email", "a..b@c.de", "author_email is not"),
        ("author_name", None, "author_name is not a text"),
        ("database", "oracle", "must be one of sqlite, postgresql, mysql"),
        ("license", "WTFPL", "must be one of MIT"),
        ("__package_name", "other", "what begins with __"),
        ("__directory", "other", "what begins with __"),
    ],
)
def test_other_answers_are_refused(refusals: Refusals, question: str, answer: str | None, words: str) -> None:
    """One sentence, which names the question."""
    names = {"project_slug": "shop", "__package_name": "shop", "__directory": "shop"}
    said = list(refusals({**SOUND, **names, question: answer}, "shop"))
    assert len(said) == 1
    assert words in said[0]


def test_a_percent_sign_in_the_path_is_refused(refusals: Refusals) -> None:
    """Alembic puts the path through ConfigParser's interpolation."""
    names = {"project_slug": "shop", "__package_name": "shop", "__directory": "shop"}
    assert "path with a %" in next(refusals({**SOUND, **names}, "/100%/shop"))


def cli(directory: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the cookiecutter command in a directory that is empty but for what the test put there."""
    command: list[str | Path] = [BIN / "cookiecutter", "--no-input", "-o", directory, *arguments]
    env = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=home, env=env, capture_output=True, encoding="utf-8")


@pytest.mark.parametrize("slug", ["a/b", "..", "../up", "/tmp/absolute", "", "class", "가게", "x" * 300])
@pytest.mark.parametrize("way", ["command line", "config file", "replay file"])
def test_a_refusal_leaves_nothing_behind(slug: str, way: str, tmp_path: Path) -> None:
    """However the answer comes in, Cookiecutter fails, the hook says why, and no file or directory is new."""
    out, home = tmp_path / "level" / "out", tmp_path / "home"
    out.mkdir(parents=True)
    home.mkdir()
    before = sorted(tmp_path.rglob("*"))
    if way == "command line":
        done = cli(out, home, str(TEMPLATE), f"project_slug={slug}")
    elif way == "config file":
        (tmp_path / "home/config.yaml").write_text(json.dumps({"default_context": {"project_slug": slug}}))
        done = cli(out, home, "--config-file", str(home / "config.yaml"), str(TEMPLATE))
    else:
        context = {**SOUND, "project_slug": slug, "__package_name": slug, "__directory": "safe"}
        (home / "replay.json").write_text(json.dumps({"cookiecutter": context}))
        command: list[str | Path] = [BIN / "cookiecutter", "--replay-file", home / "replay.json", "-o", out, TEMPLATE]
        env = {"HOME": str(home), "PATH": os.environ["PATH"]}
        done = subprocess.run(command, cwd=home, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode != 0
    assert "project_slug is" in done.stderr
    assert [path for path in sorted(tmp_path.rglob("*")) if home not in path.parents] == before


HOSTILE = [
    "plain",
    'it\'s "quoted" `so`',
    "back\\slash \\n \\u0041 \\",
    "{{ 7 * 7 }} {% raw %} {# c #}",
    "%(here)s %s 100%",
    "한국어 العربية עברית 😀 👩\u200d💻",
    "${x} $(id) <b>&amp;</b> [x](y) # = ]]>",
    '"""',
]


def assert_readable(project: Project) -> None:
    """Every Python, TOML and ini file parses."""
    for path in project.path.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    for path in project.path.rglob("*.toml"):
        tomllib.loads(path.read_text(encoding="utf-8"))
    assert configparser.ConfigParser().read(project.path / "alembic.ini", encoding="utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_works_throughout(bake: Bake, text: str) -> None:
    """A project with such a name is made, verified, and says what was answered, to the letter."""
    raw = text if "{{" not in text else "{% raw %}{{ 7 * 7 }} {% if %} {# c #}{% endraw %}"
    literal = text if "{{" not in text else "{{ 7 * 7 }} {% if %} {# c #}"
    project = bake(project_name=raw, project_slug="shop", description=raw, author_name=raw, author_email="a@b.example")
    assert_readable(project)
    project_table = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project_table["description"] == literal
    assert project_table["authors"] == [{"name": literal, "email": "a@b.example"}]
    assert literal in (project.path / "README.md").read_text(encoding="utf-8")
    assert literal in (project.path / "LICENSE").read_text(encoding="utf-8")


VISIBLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


@given(text=VISIBLE.filter(lambda text: "{" not in text))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_visible_text_works(text: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same for whatever hypothesis thinks of."""
    project = bake_into(tmp_path_factory.mktemp("any"), home, project_slug="shop", description=text, author_name=text)
    assert_readable(project)
    project_table = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project_table["description"], project_table["authors"]) == (text, [{"name": text}])


def test_an_existing_directory_is_not_touched(home: Path, tmp_path: Path) -> None:
    """Without -f Cookiecutter refuses."""
    (tmp_path / "my-service").mkdir()
    (tmp_path / "my-service/mine").write_text("precious")
    done = cli(tmp_path, home, str(TEMPLATE))
    assert done.returncode != 0
    assert [path.name for path in (tmp_path / "my-service").iterdir()] == ["mine"]


def test_overwriting_keeps_what_is_the_users(home: Path, tmp_path: Path) -> None:
    """With -f, .env (which git does not have) and the revisions are as they were."""
    assert cli(tmp_path, home, str(TEMPLATE)).returncode == 0
    project = Project(tmp_path / "my-service", home)
    assert oct((project.path / ".env").stat().st_mode)[-3:] == "600"
    project.write(".env", "DATABASE_URL=sqlite:///mine.db\n")
    project.ok("alembic", "revision", "--autogenerate", "-m", "mine")
    revisions = list((project.path / "migrations/versions").glob("*.py"))
    done = cli(tmp_path, home, "-f", str(TEMPLATE))
    assert done.returncode == 0, done.stderr
    assert (project.path / ".env").read_text() == "DATABASE_URL=sqlite:///mine.db\n"
    assert list((project.path / "migrations/versions").glob("*.py")) == revisions


def test_a_replay_makes_the_same_project(home: Path, tmp_path: Path) -> None:
    """Down to the last byte."""
    assert cli(tmp_path / "one", home, str(TEMPLATE), "project_name=가게", "project_slug=shop").returncode == 0
    command: list[str | Path] = [BIN / "cookiecutter", "--replay", "-o", tmp_path / "two", TEMPLATE]
    env = {"HOME": str(home), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    files = [{p.relative_to(d): p.read_bytes() for p in d.rglob("*") if p.is_file()} for d in tmp_path.iterdir()]
    assert files[0] == files[1]
    assert len(files[0]) > 20


def test_a_refused_bake_raises_in_process(bake: Bake) -> None:
    """For programs that call Cookiecutter's function."""
    with pytest.raises(FailedHookException):
        bake(project_name="Class")


def test_the_questions_are_sentences_and_typed_braces_are_text(home: Path, tmp_path: Path) -> None:
    """Every question and every choice has its label; what is typed is taken as it is."""
    typed = "{{ 7 * 7 }} {% raw %} {# c #}"
    command: list[str | Path] = [BIN / "cookiecutter", "-o", tmp_path, TEMPLATE]
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    keys = f"My Shop\n\n{typed}\n\n\n2\n1\n"
    done = subprocess.run(command, env=env, input=keys, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    prompts = CONTEXT["__prompts__"]
    sentences = [text for text in prompts.values() if isinstance(text, str)]
    sentences += [text for choice in prompts.values() if isinstance(choice, dict) for text in choice.values()]
    assert len(sentences) == 5 + 4 + 5
    for sentence in sentences:
        assert sentence in done.stdout
    assert typed in (tmp_path / "my-shop/README.md").read_text(encoding="utf-8")
    assert "psycopg" in (tmp_path / "my-shop/pyproject.toml").read_text(encoding="utf-8")
