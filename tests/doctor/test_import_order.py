"""Which modules import each other in a circle, and where somebody gets into it."""

from __future__ import annotations

import ast

import pytest

from alembic_proof.doctor.import_order import Edges, circle_of, edges, entrance, first_met, in_circles


def graph_of(files: dict[str, str]) -> Edges:
    """Return what modules import; a name that ends with a dot is a package."""
    return edges({name.rstrip("."): (ast.parse(text), name.endswith(".")) for name, text in files.items()})


# The modules, and those that are in a circle.
CIRCLES: list[tuple[dict[str, str], set[str]]] = [
    ({"a": "import b", "b": ""}, set()),
    ({"a": "import b", "b": "import a"}, {"a", "b"}),
    ({"a": "import b", "b": "def f():\n    import a"}, set()),
    ({"a": "import b", "b": "class C:\n    import a"}, {"a", "b"}),
    ({"a": "import b", "b": "try:\n    import a\nexcept ImportError:\n    pass"}, {"a", "b"}),
    ({"a": "import b", "b": "if TYPE_CHECKING:\n    import a"}, set()),
    ({"a": "import b", "b": "if typing.TYPE_CHECKING:\n    pass\nelse:\n    import a"}, {"a", "b"}),
    ({"a": "import b", "b": "import c", "c": "import b", "d": "import a"}, {"b", "c"}),
    ({"p.": "from . import m", "p.m": "from .n import x", "p.n": ""}, set()),
    ({"p.": "from . import m", "p.m": "import s", "s": "from p.n import x", "p.n": ""}, {"p", "p.m", "s"}),
    (
        {"p.": "for x in files():\n    import_module(x)", "p.m": "import s", "s": "from p.n import x", "p.n": ""},
        {"p", "p.m", "s"},
    ),
    (
        {
            "p.": "from importlib import import_module\nimport_module('p.n')",
            "p.m": "import s",
            "s": "import p.n",
            "p.n": "",
        },
        set(),
    ),
    ({"p": "import_all(x)", "q": "import p"}, set()),
    ({"p.": "", "p.m": "import s", "s": "from p.n import x", "p.n": ""}, set()),
    ({"p.": "", "p.m": "from ..s import x", "s": "import p.m"}, set()),  # no package is above p
    (
        {"p.": "", "p.q.": "from . import m", "p.q.m": "from ..s import x", "p.s": "from p.q.m import y"},
        {"p.q", "p.q.m", "p.s"},
    ),
]


@pytest.mark.parametrize(("files", "circles"), CIRCLES)
def test_modules_in_circles(files: dict[str, str], circles: set[str]) -> None:
    """What is imported when a module is, with the packages that it is in."""
    assert in_circles(graph_of(files)) == circles


def test_circles_apart() -> None:
    """Each is one of its own, though one leads to the other."""
    graph = graph_of({"a": "import b", "b": "import a, c", "c": "import d", "d": "import c"})
    circles = in_circles(graph)
    assert circles == {"a", "b", "c", "d"}
    assert circle_of("a", graph, circles) == {"a", "b"}
    assert circle_of("d", graph, circles) == {"c", "d"}


@pytest.mark.parametrize(("name", "begins"), [("p.m", "p"), ("p", "p"), ("s", "s"), ("q.m", "q.m")])
def test_where_a_circle_begins(name: str, begins: str) -> None:
    """With the package of a module, if that is in the circle as well."""
    assert entrance(name, {"p", "p.m", "s", "q.m"}) == begins


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("import s, p", "s"),
        ("import p, s", "p"),
        ("from p.m import x", "p"),
        ("import other\nimport s", "p"),
        ("import unknown", None),
        ("def f():\n    import s", None),
    ],
)
def test_whom_somebody_meets_first(text: str, met: str | None) -> None:
    """By the order of the imports, through what is imported on the way."""
    files = {"p.": "from . import m", "p.m": "import s", "s": "from p import m", "other": "import p"}
    graph = graph_of(files)
    assert first_met(ast.parse(text), "app", False, graph, in_circles(graph)) == met
