"""Hostile answers: each is refused in one sentence before anything is written, or works throughout."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import json
import keyword
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tomllib
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.project import BIN, REPOSITORY, Project

CONTEXT = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
SOUND: Mapping[str, Any] = {
    **{key: value for key, value in CONTEXT.items() if key.startswith("_")},
    **dict.fromkeys(("description", "author_name", "author_email"), ""),
    "project_name": "Shop",
    "project_slug": "shop",
    "__package_name": "shop",
    "database": "sqlite",
    "framework": "none",
    "license": "MIT",
}
Bake = Callable[..., Project]


def loaded() -> ModuleType:
    """Return the template's extension of Jinja, which has the rules."""
    spec = importlib.util.spec_from_file_location("template_extension", REPOSITORY / "template_extension.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXTENSION = loaded()
refusal: Callable[[str, object], str] = EXTENSION.refusal


def refusals(**answers: object) -> list[str]:
    """Return what is said of answers that are sound but for these."""
    return list(EXTENSION.refusals({**SOUND, **answers}))


RESERVED = """
    class match lambda json test tests alembic sqlalchemy dotenv python-dotenv pytest psycopg pymysql mako migrations
    tomllib distutils con mysql postgres pip ruff conftest test-models vendor
    fastapi flask django alembic-proof alembic_proof uvicorn starlette pydantic httpx anyio aiosqlite asyncpg asyncmy
    greenlet gunicorn celery httpx2 sqlmodel flask-migrate jinja2 click pytest-xdist xdist attrs numpy
""".split()  # noqa: SIM905
MALFORMED = ["", "..", "../up", "a/b", "/abs", "a\\b", "2fast", "-a", "a-", "a--b", "A", "가게", "a b", "a.b", "x" * 51]
MALFORMED += ["a\n", "_a", "a'", 'a"', "{{a}}", "%a", "a\u202eb", "\ud800"]


@pytest.mark.parametrize("slug", RESERVED)
def test_a_reserved_name_is_refused(slug: str) -> None:
    """It would hide a module that the project needs, or may need later."""
    assert "take another" in refusal("project_slug", slug)


@pytest.mark.parametrize("slug", MALFORMED)
def test_a_malformed_slug_is_refused(slug: str) -> None:
    """It would be no directory, no distribution or no package."""
    assert "small letters" in refusal("project_slug", slug)


@pytest.mark.parametrize("slug", ["a", "shop", "my-service", "my_service", "a1-b2_c3", "x" * 50, "alembics"])
def test_a_sound_slug_is_accepted(slug: str) -> None:
    """Nothing is refused without a reason."""
    assert refusals(project_slug=slug, __package_name=slug.replace("-", "_")) == []


def installed_with(*distributions: str) -> set[str]:
    """Return the names of distributions and of all that they need, as far as it is installed here."""
    names: set[str] = set()
    queue = list(distributions)
    while queue:
        name = re.split(r"[^A-Za-z0-9._-]", queue.pop())[0].lower().replace("_", "-")
        if name not in names:
            with suppress(metadata.PackageNotFoundError):
                needs = metadata.requires(name) or []
                queue += [need for need in needs if "extra ==" not in need]
                names.add(name)
    return names


def test_every_module_that_a_project_installs_is_reserved() -> None:
    """Its distributions, those of the frameworks that are installed here, and the modules in them."""
    databases, frameworks = CONTEXT["_databases"].values(), CONTEXT["_frameworks"].values()
    drivers = [database[kind] for database in databases for kind in ("driver", "async_driver") if database[kind]]
    web = [package for framework in frameworks for package in (*framework["needs"], *framework["dev"])]
    needs = installed_with("alembic", "python-dotenv", "sqlalchemy", "tzdata", "psycopg-binary", *drivers, *web)
    needs |= installed_with("mypy", "pytest", "pytest-alembic", "ruff", "squawk-cli", "sqlmodel", "flask-migrate")
    assert len(needs) > 15
    modules = {
        module.lower()
        for module, distributions in metadata.packages_distributions().items()
        if needs & {distribution.lower().replace("_", "-") for distribution in distributions}
    }
    assert [name for name in needs | modules if not refusal("project_slug", name)] == []


@given(slug=st.one_of(st.text(max_size=60), st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True)))
@settings(max_examples=500)
def test_whatever_slug_is_accepted_is_a_package_of_its_own(slug: str) -> None:
    """An identifier in ASCII, no keyword, no module of Python's, the same on every file system."""
    if not refusal("project_slug", slug):
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
        ("project_slug", None, "project_slug is not a text"),
        ("project_name", {"a": "dict"}, "project_name is not a text"),
        ("database", "oracle", "must be one of sqlite, postgresql, mysql"),
        ("framework", "django", "must be one of none, fastapi, fastapi-async, flask"),
        ("framework", None, "must be one of none"),
        ("license", "WTFPL", "must be one of MIT"),
        ("__package_name", "other", "what begins with __"),
        ("_output_dir", "/100%/x", "path with a %"),
    ],
)
def test_other_answers_are_refused(question: str, answer: object, words: str) -> None:
    """One sentence, which names the question."""
    (sentence,) = refusals(**{question: answer})
    assert words in sentence
    assert sentence.count(". ") == 0


def cli(directory: Path, home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the cookiecutter command, its output and errors together in stdout."""
    command: list[str | Path] = [BIN / "cookiecutter", "-o", directory, *arguments]
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8"
    )


COMMAND_LINE, CONFIG_FILE, REPLAY_FILE = "command line", "config file", "replay file"
WAYS = [
    *((COMMAND_LINE, slug) for slug in ("a/b", "../up", "/tmp/absolute", "", "class", "fastapi", "가게", "x" * 300)),
    *((CONFIG_FILE, slug) for slug in ("../up", "class")),
    *((REPLAY_FILE, slug) for slug in ("a/b", "..", "../up", "/tmp/absolute", "", "class")),
]


@pytest.mark.parametrize(("way", "slug"), WAYS)
def test_a_refusal_leaves_nothing_behind(way: str, slug: str, tmp_path: Path) -> None:
    """However the answer comes in: one sentence, exit code 1, no traceback, and no new file or directory anywhere."""
    out, home = tmp_path / "level" / "out", tmp_path / "home"
    out.mkdir(parents=True)
    home.mkdir()
    before = sorted(tmp_path.rglob("*"))
    if way == COMMAND_LINE:
        done = cli(out, home, "-f", "--no-input", REPOSITORY, f"project_slug={slug}")
    elif way == CONFIG_FILE:
        (tmp_path / "home/config.yaml").write_text(json.dumps({"default_context": {"project_slug": slug}}))
        done = cli(out, home, "--no-input", "--config-file", home / "config.yaml", REPOSITORY)
    else:
        context = {**SOUND, "_extensions": CONTEXT["_extensions"], "project_slug": slug, "__package_name": slug}
        (home / "replay.json").write_text(json.dumps({"cookiecutter": context}))
        done = cli(out, home, "-f", "--replay-file", home / "replay.json", REPOSITORY)
    assert done.returncode == 1
    assert re.fullmatch(r"project_slug is .*\.\n", done.stdout), done.stdout
    assert [path for path in sorted(tmp_path.rglob("*")) if home not in path.parents] == before
    assert not Path("/tmp/absolute").exists()


def test_a_bad_answer_is_refused_right_after_its_question(home: Path, tmp_path: Path) -> None:
    """Before the next question is asked: in the order in which they are asked, each on a terminal."""
    answers = {
        "project_name": " ",
        "project_slug": "a/b",
        "description": "x" * 201,
        "author_name": "y" * 201,
        "author_email": "nobody",
    }
    for number, (question, bad) in enumerate(answers.items()):
        output = typed("\n" * number + bad + "\n", home, tmp_path)
        assert output.count("/8]") == number + 1, output
        assert f": {question} is " in output.rstrip().splitlines()[-1], output
    assert not list(tmp_path.iterdir())


def typed(keys: str, home: Path, directory: Path) -> str:
    """Run the cookiecutter command on a terminal, on which something bad is typed, and return what it prints."""
    ours, theirs = pty.openpty()
    os.write(ours, keys.encode())
    command: list[str | Path] = [BIN / "cookiecutter", "-o", directory, REPOSITORY]
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "400", "TERM": "dumb"}
    running = subprocess.Popen(command, env=env, stdin=theirs, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8")
    os.close(theirs)
    output = running.communicate()[0]
    os.close(ours)
    assert running.returncode == 1, output
    assert "Traceback" not in output
    return output


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
    table = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert table["description"] == literal
    assert table["authors"] == [{"name": literal, "email": "a@b.example"}]
    assert literal in (project.path / "README.md").read_text(encoding="utf-8")
    assert literal in (project.path / "LICENSE").read_text(encoding="utf-8")


VISIBLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


@given(text=VISIBLE.filter(lambda text: "{" not in text))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_visible_text_works(text: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same for whatever hypothesis thinks of, without the hook."""
    answers = {"project_slug": "shop", "description": text, "author_name": text}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        path = cookiecutter(
            str(REPOSITORY),
            no_input=True,
            output_dir=str(tmp_path_factory.mktemp("any")),
            extra_context=answers,
            default_config=True,
            accept_hooks=False,
        )
    project = Project(Path(path), home)
    assert_readable(project)
    table = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (table["description"], table["authors"]) == (text, [{"name": text}])


def test_an_existing_directory_is_not_touched(home: Path, tmp_path: Path) -> None:
    """Without -f Cookiecutter refuses."""
    (tmp_path / "my-service").mkdir()
    (tmp_path / "my-service/mine").write_text("precious")
    assert cli(tmp_path, home, "--no-input", REPOSITORY).returncode != 0
    assert [path.name for path in (tmp_path / "my-service").iterdir()] == ["mine"]


def test_overwriting_keeps_what_is_the_users(home: Path, tmp_path: Path) -> None:
    """With -f, .env (which git does not have) and the revisions are as they were; an older wheel is replaced."""
    assert cli(tmp_path, home, "--no-input", REPOSITORY).returncode == 0
    project = Project(tmp_path / "my-service", home)
    assert oct((project.path / ".env").stat().st_mode)[-3:] == "600"
    project.write(".env", "DATABASE_URL=sqlite:///mine.db\n")
    project.ok("alembic", "revision", "--autogenerate", "-m", "mine")
    revisions = list((project.path / "migrations/versions").glob("*.py"))
    (wheel,) = (project.path / "vendor").iterdir()
    wheel.rename(wheel.with_name("alembic_proof-0.9.0+h0-py3-none-any.whl"))
    (project.path / "vendor/other-1.0-py3-none-any.whl").write_text("mine")
    done = cli(tmp_path, home, "-f", "--no-input", REPOSITORY)
    assert done.returncode == 0, done.stdout
    assert (project.path / ".env").read_text() == "DATABASE_URL=sqlite:///mine.db\n"
    assert list((project.path / "migrations/versions").glob("*.py")) == revisions
    assert {path.name for path in (project.path / "vendor").iterdir()} == {wheel.name, "other-1.0-py3-none-any.whl"}


def test_a_replay_makes_the_same_project(home: Path, tmp_path: Path) -> None:
    """Down to the last byte, the wheel included."""
    answers = ("project_name=가게", "project_slug=shop")
    assert cli(tmp_path / "one", home, "--no-input", REPOSITORY, *answers).returncode == 0
    done = cli(tmp_path / "two", home, "--replay", REPOSITORY)
    assert done.returncode == 0, done.stdout
    files = [{p.relative_to(d): p.read_bytes() for p in d.rglob("*") if p.is_file()} for d in tmp_path.iterdir()]
    assert files[0] == files[1]
    assert len(files[0]) > 20


def test_a_refused_bake_raises_in_process(bake: Bake) -> None:
    """For programs that call Cookiecutter's function."""
    with pytest.raises(FailedHookException, match="project_slug is 'class'"):
        bake(project_name="Class")


def test_the_questions_are_sentences_and_typed_braces_are_text(home: Path, tmp_path: Path) -> None:
    """Every question and every choice has its label; what is typed is taken as it is."""
    braces = "{{ 7 * 7 }} {% raw %} {# c #}"
    command: list[str | Path] = [BIN / "cookiecutter", "-o", tmp_path, REPOSITORY]
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    keys = f"My Shop\n\n{braces}\n\n\n2\n2\n1\n"
    done = subprocess.run(command, env=env, input=keys, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    prompts = CONTEXT["__prompts__"]
    sentences = [text for text in prompts.values() if isinstance(text, str)]
    sentences += [text for choice in prompts.values() if isinstance(choice, dict) for text in choice.values()]
    assert len(sentences) == 5 + 4 + 5 + 5
    for sentence in sentences:
        assert sentence in done.stdout
    assert braces in (tmp_path / "my-shop/README.md").read_text(encoding="utf-8")
    assert "psycopg" in (tmp_path / "my-shop/pyproject.toml").read_text(encoding="utf-8")
