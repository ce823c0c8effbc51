"""What the template adds to Jinja: which answers are refused, and where the template and its library are.

Cookiecutter imports this file for each environment that it renders with. It refuses a bad answer right after its
question, and every bad answer before the project's directory is made.
"""

import importlib.util
import json
import keyword
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment, Undefined, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

HOME = Path(__file__).resolve().parent
DIRECTORY = "{{cookiecutter.project_slug}}"  # the only name that Cookiecutter renders before it makes anything

# What the package or the distribution must not be called besides Python's own modules and keywords: whatever the
# project installs or has at its root, the frameworks and drivers that it may install later, what Windows cannot name,
# and the databases that servers keep for themselves. Python's list is that of the running version, so some names from
# older and newer ones are added.
RESERVED = """
    alembic alembic_proof annotated_types ast_serialize build cffi colorama conftest cryptography dateutil dist docs
    dotenv editables exceptiongroup greenlet hatchling iniconfig librt mako markupsafe migrations mypy mypy_extensions
    mypyc mysqldb packaging pathspec pip pluggy psycopg psycopg2 psycopg_binary psycopg_c py pycparser pygments
    pymysql pytest pytest_alembic python_dotenv ruff setuptools site sqlalchemy squawk squawk_cli src test tests
    tomli trove_classifiers typing_extensions tzdata uv vendor wheel yaml

    aiohttp aiomysql aiosqlite annotated_doc anyio asyncmy asyncpg blinker bottle celery certifi click cx_oracle django
    dramatiq falcon fastapi fastapi_cli flask flask_migrate flask_sqlalchemy granian gunicorn h11 httpcore httpcore2
    httptools httpx httpx2 hypercorn hypothesis idna importlib_metadata itsdangerous jinja2 lazy_importer litestar
    mariadb mysql_connector mysqlclient opentelemetry opentelemetry_api oracledb orjson pg8000 polyfactory psycopg_pool
    pydantic pydantic_core pydantic_settings pyodbc pyramid pytest_asyncio pytest_cov python_multipart quart redis
    requests rich sanic sniffio sqlmodel starlette tornado trio truststore typer typing_inspection ujson urllib3
    uvicorn uvloop watchfiles websockets werkzeug zipp

    attr attrs execnet numpy pandas polars pytest_env pytest_mock pytest_randomly pytest_xdist six xdist

    case lazy match type

    annotationlib asynchat asyncore cgi cgitb compression crypt distutils imghdr imp mailcap msilib nntplib
    ossaudiodev pathlib pipes pkg_resources pydoc_data smtpd sndhdr spwd string sunau telnetlib tomllib uu
    xdrlib zoneinfo

    aux com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 con lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
    nul prn

    information_schema mysql performance_schema postgres sys template0 template1
""".split()  # noqa: SIM905  # a list of strings would be a page long

NAME = r"[a-z][a-z0-9]*([-_][a-z0-9]+)*"
WORD, LABEL = r"[\w!#$%&'*+/=?^`{|}~-]+", r"[a-z0-9-]+"
EMAIL = rf"({WORD}(\.{WORD})*@{LABEL}(\.{LABEL})*)?"
TEXTS = ("project_name", "project_slug", "description", "author_name", "author_email")


def refusal(question: str, answer: object) -> str:
    """Return why an answer cannot be used, in one sentence, or nothing if it can."""
    if not isinstance(answer, str):
        return f"{question} is not a text: leave it out of the file that gives it, or write it in quotes."
    if question == "project_slug":
        return _refused_slug(answer)
    # The two exceptions join letters in Persian, in Indian scripts and in emoji.
    hidden = [character for character in answer if not character.isprintable() and character not in "\u200c\u200d"]
    if hidden:
        return f"{question} has a line break or another invisible character (U+{ord(hidden[0]):04X}): leave it out."
    if len(answer) > 200:
        return f"{question} is longer than 200 characters: shorten it."
    if question == "project_name" and not answer.strip():
        return "project_name is empty: give the project a name."
    if question == "author_email" and not re.fullmatch(EMAIL, answer, re.ASCII | re.IGNORECASE):
        return "author_email is not an e-mail address: write one as in ada@example.com, or leave it empty."
    return ""


def _refused_slug(slug: str) -> str:
    if not re.fullmatch(NAME, slug) or len(slug) > 50:
        return (
            f"project_slug is {slug[:60]!a}, but must be at most 50 small letters (a to z), digits and single hyphens, "
            "and begin with a letter, as in my-service."
        )
    package = slug.replace("-", "_")
    if package.startswith("test_") or package in {
        *RESERVED,
        *sys.stdlib_module_names,
        *keyword.kwlist,
        *keyword.softkwlist,
    }:
        return (
            f"project_slug is {slug!r}, a name that Python, a package or a database needs itself: take another, "
            f"as in {slug}-service."
        )
    return ""


def refusals(answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each answer, or value that is derived from one, that cannot be used."""
    sentences = [refusal(question, answers.get(question)) for question in TEXTS]
    yield from filter(None, sentences)
    slug = answers.get("project_slug")
    if not sentences[1] and answers.get("__package_name") != str(slug).replace("-", "_"):
        yield f"The names derived from project_slug {slug!r} were given other values: leave out what begins with __."
    for question, table in (("database", "_databases"), ("framework", "_frameworks"), ("license", "_spdx")):
        choices = answers.get(table)
        if not choices or answers.get(question) not in choices:
            yield f"{question} is {answers.get(question)!a}, but must be one of {', '.join(choices or ())}."
    output = str(answers.get("_output_dir", ""))
    if "%" in output:
        yield f"The project would be in {output!a}, but Alembic cannot work in a path with a %: make it elsewhere."


def accept(answer: object, question: str) -> str:
    """Raise an error that Cookiecutter prints as one sentence if an answer cannot be used; else return nothing."""
    if not isinstance(answer, Undefined) and (sentence := refusal(question, answer)):
        raise FailedHookException(sentence)
    return ""


@pass_context
def accepted(context: Context, name: str) -> str:
    """Return the name of the project's directory, if every answer can be used."""
    for sentence in refusals(context["cookiecutter"]):
        raise FailedHookException(sentence)
    return name


def library() -> SimpleNamespace:
    """Return version and wheel of this template's own library, whatever is installed: the hook builds the wheel."""
    builder = HOME / "src/alembic_proof/vendoring/wheel.py"
    spec = importlib.util.spec_from_file_location("alembic_proof_wheel", builder)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    version = module.version(HOME)
    return SimpleNamespace(version=version, wheel=module.filename(version))


def toml(text: str) -> str:
    """Return a text, quoted for TOML: as in JSON, but every letter as it is."""
    return json.dumps(text, ensure_ascii=False)


class TemplateExtension(Extension):
    """What cookiecutter.json, the generated files and the hook use besides Jinja's own filters and names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Another template in this process, as the newer one of `cruft update`, imports its own file of this name.
        sys.modules.pop(__name__, None)
        filters: dict[str, Callable[..., str]] = {"accept": accept, "accepted": accepted, "toml": toml}
        environment.filters.update(filters)
        environment.globals.update(template_home=str(HOME), library=library)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Check all answers where the directory's name is rendered, which also happens with --replay."""
        return source.replace("}}", " | accepted }}") if source == DIRECTORY else source
