"""Fourteen changes of a schema, each as the two functions of a revision: recipes.md, and a reader of it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProofError

PAGE = Path(__file__).with_name("recipes.md")


@dataclass(frozen=True)
class Recipe:
    """One section of the page."""

    number: int
    title: str
    text: str  # Markdown, without the heading

    @property
    def slug(self) -> str:
        """The title as people type it: ``rename-a-column``."""
        return self.title.lower().replace(" ", "-")

    @property
    def code(self) -> list[str]:
        """The blocks of Python, each the functions of one revision."""
        return re.findall(r"^```python\n(.*?)^```", self.text, re.MULTILINE | re.DOTALL)


def read() -> list[Recipe]:
    """Return the recipes in the order of the page."""
    sections = re.findall(
        r"^## (\d+)\. (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [Recipe(int(number), title, text.strip()) for number, title, text in sections]


def find(name: str) -> Recipe:
    """Return the recipe with a number or a slug. Raises ProofError, with the nearest name, if there is none."""
    recipes = read()
    for recipe in recipes:
        if name in (str(recipe.number), recipe.slug):
            return recipe
    nearest = difflib.get_close_matches(name, [recipe.slug for recipe in recipes], n=1, cutoff=0.5)
    hint = f"Did you mean {nearest[0]}?" if nearest else "alembic-proof recipe, without a name, lists all of them."
    raise ProofError(f"There is no recipe {name!r}. {hint}")


def print_recipe(name: str | None) -> int:
    """Print one recipe, or, if none is named, the list of them; return the exit code. Raises ProofError as find()."""
    if name is None:
        for recipe in read():
            print(f"{recipe.number:>2}  {recipe.slug}")
        return 0
    recipe = find(name)
    print(f"{recipe.number}. {recipe.title}\n\n{recipe.text}")
    return 0
