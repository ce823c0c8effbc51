"""How long a verified generation, `alembic current` and autogenerate take, as ratios to the plain thing.

Whole processes, the two sides of a ratio in turn, the best of several runs of each. Run it with the interpreter of an
environment that has the development dependencies: ``python benchmarks/generate.py [--runs 5] [--tables 1000]``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TEMPLATE = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def run(*command: "str | Path", cwd: Path) -> float:
    """Run a command, which must succeed, and return the seconds that it took."""
    env = {"HOME": str(cwd), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8")
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return seconds


def ratio(ours: Callable[[int], float], plain: Callable[[int], float], runs: int) -> tuple[float, float, float]:
    """Return the best seconds of each side, and the best of ours over the best of theirs."""
    return ratios(ours, plain, runs)[0]


def ratios(
    ours: Callable[[int], float], plain: Callable[[int], float], runs: int
) -> tuple[tuple[float, float, float], float]:
    """Return what ratio() does, and the ratio of processor time, which suffers less from what else the machine does."""

    def both(side: Callable[[int], float], n: int) -> tuple[float, float]:
        before = os.times()
        seconds = side(n)
        after = os.times()
        return seconds, sum(after[2:4]) - sum(before[2:4])  # of the processes that it waited for

    pairs = [(*both(ours, n), *both(plain, n)) for n in range(runs + 1)][1:]  # the first warms the caches
    best, busy, base, base_busy = (min(seconds) for seconds in zip(*pairs, strict=True))
    return (best, base, best / base), busy / base_busy


def one_file_template(root: Path) -> Path:
    """Write the smallest template that Cookiecutter accepts."""
    template = root / "one"
    (template / "{{cookiecutter.slug}}").mkdir(parents=True)
    (template / "cookiecutter.json").write_text('{"slug": "one"}')
    (template / "{{cookiecutter.slug}}/file.txt").write_text("{{ cookiecutter.slug }}\n")
    return template


def tables(number: int, base: str) -> Iterator[str]:
    """Yield the source of models."""
    yield f"from sqlalchemy import ForeignKey, String\nfrom sqlalchemy.orm import Mapped, mapped_column\n{base}\n"
    for n in range(number):
        yield f"""
class T{n}(Base):
    __tablename__ = "t{n}"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), index=True)
    amount: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("t{max(n - 1, 0)}.id"))
"""


def plain_project(root: Path, number: int) -> Path:
    """Make a project with `alembic init`, and in it what its documentation says: URL, metadata, and batch mode."""
    plain = root / "plain"
    plain.mkdir()
    run("alembic", "init", "migrations", cwd=plain)
    base = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
    (plain / "models.py").write_text("".join(tables(number, base)))
    ini = plain / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", "sqlite:///plain.db"))
    env = plain / "migrations/env.py"
    text = env.read_text().replace("target_metadata = None", "from models import Base\ntarget_metadata = Base.metadata")
    text = text.replace("target_metadata=target_metadata\n", "target_metadata=target_metadata, render_as_batch=True\n")
    env.write_text(text)
    return plain


def our_project(root: Path, number: int) -> Path:
    """Make a project with this template and the same models."""
    run("cookiecutter", "--no-input", "-o", root, TEMPLATE, "project_name=Ours", cwd=root)
    models = root / "ours/src/ours/models"
    for example in ("author", "book"):
        (models / f"{example}.py").unlink()
    (models / "many.py").write_text("".join(tables(number, "from .base import Base\n")))
    return root / "ours"


def autogenerate(project: Path) -> float:
    """Autogenerate a first revision, then delete it."""
    seconds = run("alembic", "revision", "--autogenerate", "-m", "all", cwd=project)
    for revision in (project / "migrations/versions").glob("*.py"):
        revision.unlink()
    return seconds


def main() -> None:
    """Measure, and print a line for each ratio with its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tables", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        one = one_file_template(root)

        def generation(template: Path) -> Callable[[int], float]:
            return lambda n: run("cookiecutter", "--no-input", "-o", root / f"{template.name}{n}", template, cwd=root)

        measured = {"verified generation / a template of one file (3.5)": (generation(TEMPLATE), generation(one))}
        ours, plain = our_project(root, 2), plain_project(root, 2)
        for project in (ours, plain):
            run("alembic", "upgrade", "head", cwd=project)
        measured["alembic current / in a plain project (1.15)"] = (
            lambda n: run("alembic", "current", cwd=ours),
            lambda n: run("alembic", "current", cwd=plain),
        )
        (root / "many").mkdir()
        many_ours, many_plain = (
            our_project(root / "many", arguments.tables),
            plain_project(root / "many", arguments.tables),
        )
        measured[f"autogenerate over {arguments.tables} tables / in a plain project (1.05)"] = (
            lambda n: autogenerate(many_ours),
            lambda n: autogenerate(many_plain),
        )
        for what, (mine, theirs) in measured.items():
            (best, base, times), busy = ratios(mine, theirs, arguments.runs)
            print(f"{times:5.2f}  {what}: {best:.2f} s / {base:.2f} s; processor time {busy:.2f}", flush=True)


if __name__ == "__main__":
    main()
