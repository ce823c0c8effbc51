"""The check of what happens where the application imports something else first than env.py does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.plain import plain_project
from support.reports import outcomes

from alembic_proof.doctor.findings import Severity

ORDER = "modules-are-imported-in-any-order"
BASE = "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
AUTHOR = (
    "from {0}.models.base import Base, sa\n\n\nclass Author(Base):\n    __tablename__ = 'author'\n"
    "    id = sa.Column(sa.Integer, primary_key=True)\n"
)
BOOK = "from {0}.prices import Money\n\n\nclass Book:\n    price: Money\n"
PRICES = "from {0}.models.author import Author\n\n\nclass Money:\n    owner: Author\n"
ALL = "from . import author, book\n"
# As in a project of the template.
FOUND = """\
from importlib import import_module
from pathlib import Path

for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    import_module(f"{{__name__}}.{{file.stem}}")
"""
FILES = {
    "{0}/__init__.py": "",
    "{0}/models/__init__.py": ALL,
    "{0}/models/base.py": BASE,
    "{0}/models/author.py": AUTHOR,
    "{0}/models/book.py": BOOK,
    "{0}/prices.py": PRICES,
}
APP = {"{0}/app.py": "from {0}.prices import Money\n"}
OF_A_MODULE = BOOK.replace("from {0}.prices import Money", "import {0}.prices as p").replace("Money", "p")
IN_A_FUNCTION = "def f():\n    from {0}.models.author import Author\n\n\nclass Money:\n    pass\n"
WHERE = "{0}/models/book.py:1"
OK, NOTE, PROBLEM = Severity.OK, Severity.NOTE, Severity.PROBLEM


@pytest.mark.parametrize(
    ("files", "severity", "words"),
    [
        (APP, PROBLEM, "{0}/app.py imports {0}.prices first, and not as env.py does: cannot import name 'Money'"),
        ({**APP, "{0}/models/__init__.py": FOUND}, PROBLEM, "{0}/app.py imports {0}.prices first"),
        ({}, NOTE, "whoever imports {0}.prices first"),
        ({"scripts/fill.py": "import {0}.prices\n"}, NOTE, "scripts/fill.py imports {0}.prices first"),
        ({"{0}/app.py": "import {0}.models\nimport {0}.prices\n"}, NOTE, "whoever imports {0}.prices first"),
        ({**APP, "{0}/models/__init__.py": "from .author import Author\n"}, OK, ""),
        ({**APP, "{0}/models/book.py": OF_A_MODULE}, OK, ""),
        ({**APP, "{0}/prices.py": IN_A_FUNCTION}, OK, ""),
        ({**APP, "{0}/prices.py": "raise OSError\n", "{0}/models/__init__.py": "from . import author\n"}, OK, ""),
    ],
)
def test_modules_are_imported_in_any_order(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    files: dict[str, str],
    severity: Severity,
    words: str,
) -> None:
    """A problem for who begins elsewhere, a note where nobody is seen to; nothing where it works all the same."""
    name = f"shop_{abs(hash(request.node.name))}"  # modules stay loaded
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    written = {file.format(name): text.format(name) for file, text in {**FILES, **files}.items()}
    edit = ("import sqlalchemy as sa", f"import sqlalchemy as sa\nimport {name}.models")
    outcome = outcomes(plain_project(tmp_path, edit, files=written), ORDER)[ORDER]
    assert outcome.severity is severity, outcome
    assert words.format(name) in f"{outcome.findings}"
    assert {finding.where for finding in outcome.findings} <= {WHERE.format(name)}
