"""A verified generation, against a template of one file."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from .measuring import REPOSITORY, Figure, Side, ratio, run


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield the ratio of the two generations, without a framework and with one."""
    one = directory / "one"
    (one / "{{cookiecutter.slug}}").mkdir(parents=True)
    (one / "cookiecutter.json").write_text('{"slug": "one"}')
    (one / "{{cookiecutter.slug}}/file.txt").write_text("{{ cookiecutter.slug }}\n")

    def generation(template: Path, *answers: str) -> Side:
        def side(_: int) -> float:
            into = mkdtemp(dir=directory)
            return run("cookiecutter", "--no-input", "-o", into, template, *answers, cwd=directory)

        return side

    name = "verified generation / a template of one file"
    yield ratio(name, 3.8, generation(REPOSITORY), generation(one), runs, times)
    service = generation(REPOSITORY, "framework=fastapi-async", "database=postgresql")
    yield ratio(f"{name}, with a framework", 4.2, service, generation(one), runs, times)
