"""Whether the text of env.py leads to run_migrations(), in each mode."""

from __future__ import annotations

import ast

import pytest

from alembic_proof.doctor.reaching import runs_in_a_loop, runs_migrations

FUNCTIONS = """\
def offline():
    context.run_migrations()

def online():
    with begin():
        context.run_migrations()

"""
DISPATCH = "if context.is_offline_mode():\n    offline()\nelse:\n    online()\n"
BOTH, ONLINE, OFFLINE, NEITHER = (True, True), (True, False), (False, True), (False, False)

TEXTS = {
    "dispatch": (DISPATCH, BOTH),
    "nothing": ("", NEITHER),
    "no parentheses": ("if context.is_offline_mode():\n    offline()\nelse:\n    online\n", BOTH),
    "only online": ("if not context.is_offline_mode():\n    online()\n", ONLINE),
    "only offline": ("if context.is_offline_mode():\n    offline()\n", OFFLINE),
    "under main": ("if __name__ == '__main__':\n    online()\n", NEITHER),
    "for type checkers": ("if TYPE_CHECKING:\n    online()\n", NEITHER),
    "always": ("if True:\n    online()\n", BOTH),
    "another condition": ("if os.environ.get('X'):\n    online()\n", BOTH),
    "ternary": ("(offline if context.is_offline_mode() else online)()\n", BOTH),
    "ternary without offline": ("(print if context.is_offline_mode() else online)()\n", ONLINE),
    "variable": ("flag = context.is_offline_mode()\nif not flag:\n    online()\n", ONLINE),
    "through a function": ("def main():\n    online()\n\nmain()\n", BOTH),
    "a function that nobody calls": ("def main():\n    online()\n", NEITHER),
    "a decorated function": ("@app.command\ndef main():\n    online()\n", BOTH),
    "a recursive function": ("def main():\n    main()\n\nmain()\n", NEITHER),
    "passed on": ("asyncio.run(run(online))\n", BOTH),
    "try": ("try:\n    online()\nexcept NameError:\n    pass\n", BOTH),
    "lambda": ("run(lambda: online())\n", BOTH),
    "a method": ("runner.run_migrations()\n", BOTH),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_reached(name: str) -> None:
    """Online, and offline."""
    text, reached = TEXTS[name]
    tree = ast.parse(FUNCTIONS + text)
    assert (runs_migrations(tree, offline=False), runs_migrations(tree, offline=True)) == reached


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("for tenant in tenants():\n    context.run_migrations()\n", True),
        ("async def f():\n    async for tenant in tenants():\n        context.run_migrations()\n", True),
        ("for tenant in tenants():\n    print(tenant)\ncontext.run_migrations()\n", False),
    ],
)
def test_a_loop_over_tenants(text: str, loops: bool) -> None:
    """It may have nothing to go through on an empty database."""
    assert runs_in_a_loop(ast.parse(text)) is loops
