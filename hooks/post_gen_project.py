"""Has the new project examine itself with its own doctor. A problem fails the generation."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE: str = {{cookiecutter.__package_name | tojson}}  # type: ignore
UV = shutil.which("uv")


def write_dotenv() -> None:
    """Copy .env.example to .env, readable by its owner only. One that is there already is somebody's, and stays."""
    try:
        descriptor = os.open(".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "wb") as dotenv:
        dotenv.write(Path(".env.example").read_bytes())


def requirements() -> dict[str, str]:
    """Return the lowest versions of Alembic and SQLAlchemy that pyproject.toml admits."""
    pyproject = Path("pyproject.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'"(alembic|sqlalchemy)(?:\[\w+\])?>=([\d.]+)"', pyproject))


def installed() -> bool:
    """Tell whether the interpreter that runs Cookiecutter has them, new enough (without importing them)."""

    def numbers(version: str) -> list[int]:
        return [int(number) for number in version.split(".")[:2]]

    for name, lowest in requirements().items():
        package = importlib.util.find_spec(name)
        source = Path(package.origin).read_text(encoding="utf-8") if package and package.origin else ""
        version = re.search(r'^__version__ = "(\d+\.\d+)', source, re.MULTILINE)
        if version is None or numbers(version[1]) < numbers(lowest):
            return False
    return True


def examine(python: list[str]) -> tuple[int, str]:
    """Run the doctor with this Python command; return its exit code (2: not everything was checked) and report."""
    doctor = [f"src/{PACKAGE}/db/doctor.py", "--config", "alembic.ini", "--no-live"]
    others = re.compile("(TEST_)?DATABASE_URL|MIGRATION_")  # which were not set for this project
    env = {name: value for name, value in os.environ.items() if not others.match(name)}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    run = subprocess.run([*python, *doctor], env=env, capture_output=True, encoding="utf-8", errors="replace")
    return run.returncode, run.stdout + run.stderr


def verify() -> tuple[int, str]:
    """Examine the project with what this machine offers: this interpreter's libraries, else those that uv brings."""
    if installed():
        code, report = examine([sys.executable])
        return bool(code), report  # what could not be checked in these circumstances is a problem
    if UV:
        libraries = [f"--with={name}>={version}" for name, version in requirements().items()]
        uv = [UV, "run", "--quiet", "--no-project", "--python=>=3.11", *libraries, "--with=tzdata", "python"]
        code, report = examine(uv)
        if re.search(r"^\d+ ok, ", report, re.MULTILINE):  # it was the doctor who spoke; uv itself may have failed
            return code, report
    return examine([sys.executable, "-S"])  # without libraries, as these are none or too old


def next_steps(verified: bool, report: str) -> Iterator[str]:
    """Yield what there is to tell the user."""
    if UV:
        install, run = "uv sync", "uv run "
    else:
        activate = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"
        python = "py" if os.name == "nt" else "python3"
        install = f"{python} -m venv .venv && {activate} && pip install --upgrade pip && pip install -e . --group dev"
        run = ""
    if verified:
        yield f"\n{PACKAGE} passes all its checks: {report.strip().splitlines()[-1]}.\n"
    else:
        needs = " and ".join(f"{name} {version}" for name, version in requirements().items())
        yield f"\n{PACKAGE} is there, but not all of it is verified: {sys.executable} has no {needs} (or newer)."
        yield "Not checked: " + ", ".join(re.findall(r"^unknown +(\S+)", report, re.MULTILINE)) + "."
        yield f"Once the project is installed, this checks everything: {run}python -m {PACKAGE}.db doctor\n"
    yield "Next:"
    yield f"  cd {shlex.quote(str(Path.cwd()))} && {install}"
    yield f'  {run}alembic revision --autogenerate -m "first tables"'
    yield f"  {run}alembic upgrade head"


def main() -> int:
    """Verify the project and say what to do next. Returns the exit code."""
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")  # a console may not know the letters of a path
    write_dotenv()
    code, report = verify()
    if code not in (0, 2):
        print(f"The project does not pass its own checks:\n\n{report}", file=sys.stderr)
        return 1
    print("\n".join(next_steps(code == 0, report)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
