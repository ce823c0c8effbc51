"""Refuses an answer that no working project can be made of, in one sentence, before anything is written."""

import json
import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ANSWERS = json.loads({{cookiecutter | tojson | tojson}})  # type: ignore

# What the package or the distribution must not be called besides Python's own modules and keywords: whatever the
# project installs or has at its root, what Windows cannot name, and the databases that servers keep for themselves.
# Python's list is that of the running version, so some names from older and newer ones are added.
TAKEN = """
    alembic annotated_types ast_serialize build cffi colorama conftest cryptography dateutil dist docs dotenv
    editables exceptiongroup greenlet hatchling iniconfig librt mako markupsafe migrations mypy mypy_extensions
    mypyc mysqldb packaging pathspec pip pluggy psycopg psycopg2 psycopg_binary psycopg_c py pycparser pygments
    pymysql pytest pytest_alembic python_dotenv ruff setuptools site sqlalchemy src test tests trove_classifiers
    typing_extensions tzdata uv wheel yaml

    case lazy match type

    annotationlib asynchat asyncore cgi cgitb compression crypt distutils imghdr imp mailcap msilib nntplib
    ossaudiodev pathlib pipes pkg_resources pydoc_data smtpd sndhdr spwd string sunau telnetlib tomllib uu
    xdrlib zoneinfo

    aux com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 con lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
    nul prn

    information_schema mysql performance_schema postgres sys template0 template1
""".split()  # noqa: SIM905  # a list of strings would be a page long


def refusals(answers: dict[str, Any], directory: str) -> Iterator[str]:
    """Yield a sentence for each answer that cannot be used; directory is the path of the one to be filled."""
    questions = ("project_name", "project_slug", "description", "author_name", "author_email")
    for question in questions:
        answer = answers[question]
        if not isinstance(answer, str):
            yield f"{question} is not a text: leave it out of the file that gives it, or write it in quotes."
            return
        # The two exceptions join letters in Persian, in Indian scripts and in emoji.
        hidden = [c for c in answer if not c.isprintable() and c not in "\u200c\u200d"]
        if hidden:
            yield f"{question} has a line break or another invisible character (U+{ord(hidden[0]):04X}): leave it out."
        if len(answer) > 200:
            yield f"{question} is longer than 200 characters: shorten it."
    if not answers["project_name"].strip():
        yield "project_name is empty: give the project a name."

    slug = answers["project_slug"]
    package = slug.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", slug) or len(slug) > 50:
        yield (
            f"project_slug is {slug[:60]!a}, but must be at most 50 small letters (a to z), digits and single hyphens, "
            "and begin with a letter, as in my-service."
        )
    elif package.startswith("test_") or package in {
        *TAKEN,
        *sys.stdlib_module_names,
        *keyword.kwlist,
        *keyword.softkwlist,
    }:
        yield f"project_slug is {slug!r}, a name that Python, a dependency or a database needs itself: take another."
    elif (answers["__package_name"], answers["__directory"], Path(directory).name) != (package, slug, slug):
        yield f"The names derived from project_slug {slug!r} were given other values: leave out what begins with __."

    word, label = r"[\w!#$%&'*+/=?^`{|}~-]+", r"[a-z0-9-]+"
    email = rf"({word}(\.{word})*@{label}(\.{label})*)?"
    if not re.fullmatch(email, answers["author_email"], re.ASCII | re.IGNORECASE):
        yield "author_email is not an e-mail address: write one as in ada@example.com, or leave it empty."
    if "%" in directory:
        yield f"The project would be in {directory!a}, but Alembic cannot work in a path with a %: make it elsewhere."
    for question, choices in (("database", answers["_databases"]), ("license", answers["_spdx"])):
        if answers[question] not in choices:
            yield f"{question} is {answers[question]!a}, but must be one of {', '.join(choices)}."


if __name__ == "__main__":
    sys.exit("\n".join(refusals(ANSWERS, str(Path.cwd()))) or 0)
