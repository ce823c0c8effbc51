"""The recipes of CONTRIBUTING.md, followed as printed on a copy of the repository; and their tests, run there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.project import REPOSITORY

BLOCK = re.compile(
    r"```python\n# (?P<how>append to|create|in|replace in) (?P<file>[^\s:]+)(?:: (?P<line>[^\n]*))?\n(?P<code>.*?)```",
    re.DOTALL,
)
RECIPES = {
    title: list(BLOCK.finditer(section))
    for title, section in re.findall(
        r"^## (Add a .*?)\n(.*?)(?=^## )", (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M | re.S
    )
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the recipes touch."""
    for name in ("src", "tests", "pyproject.toml", "README.md"):
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def follow(root: Path, step: re.Match[str]) -> Path:
    """Do what a block says, and return the file that it is about."""
    file, code = root / step["file"], step["code"]
    if step["how"] == "create":
        assert not file.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, encoding="utf-8")
        return file
    text = file.read_text(encoding="utf-8")
    if step["how"] == "append to":
        text += code
    elif step["how"] == "in":  # below the line
        assert f"{step['line']}\n" in text
        at = text.rindex(f"{step['line']}\n") + len(step["line"]) + 1
        text = text[:at] + code + text[at:]
    else:
        assert step["line"] in text
        text = text.replace(step["line"], code.strip())
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.slow
@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_followed(title: str, copy: Path) -> None:
    """The recipe's own test passes, and fails without the recipe."""
    files = [follow(copy, step) for step in RECIPES[title]]
    (test,) = (file for file in files if "tests" in file.relative_to(copy).parts)
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", str(test)]
    done = subprocess.run(command, cwd=copy, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    source = next(file for file in files if "src" in file.relative_to(copy).parts)
    shutil.copytree(REPOSITORY / "src", copy / "src", dirs_exist_ok=True)
    if not (REPOSITORY / source.relative_to(copy)).exists():
        source.unlink()
    assert subprocess.run(command, cwd=copy, capture_output=True).returncode != 0


def test_every_recipe_is_there() -> None:
    """A check, a rule and a dialect."""
    assert list(RECIPES) == ["Add a check", "Add a rule", "Add a dialect"]
    assert all(len(steps) >= 3 for steps in RECIPES.values())
