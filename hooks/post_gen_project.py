"""Has the new project examine itself with its own doctor. A problem fails the generation."""

import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ANSWERS = json.loads({{cookiecutter | tojson | tojson}})
PACKAGE = ANSWERS["__package_name"]
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
    """Tell whether the interpreter that runs Cookiecutter has them, new enough."""

    def numbers(version: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", version)[:2]]

    try:
        return all(numbers(importlib.metadata.version(name)) >= numbers(v) for name, v in requirements().items())
    except importlib.metadata.PackageNotFoundError:
        return False


def examine(python: list[str]) -> "tuple[int, str]":
    """Run the doctor with this Python command; return its exit code (2: not everything was checked) and report."""
    doctor = [f"src/{PACKAGE}/db/doctor.py", "--config", "alembic.ini", "--no-live"]
    databases = ("DATABASE_URL", "TEST_DATABASE_URL")  # whatever they name is none of this project's business yet
    env = {name: value for name, value in os.environ.items() if name not in databases}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    run = subprocess.run([*python, *doctor], env=env, capture_output=True, encoding="utf-8", errors="replace")
    return run.returncode, run.stdout + run.stderr


def verify() -> "tuple[int, str]":
    """Examine the project with all that this machine offers: this interpreter's libraries, else uv's."""
    if not installed() and UV:
        libraries = [f"--with={name}>={version}" for name, version in requirements().items()]
        uv = [UV, "run", "--quiet", "--no-project", "--python=>=3.11", *libraries, "--with=tzdata", "python"]
        code, report = examine(uv)
        if re.search(r"^\d+ ok, ", report, re.MULTILINE):  # it was the doctor that spoke; uv itself may have failed
            return code, report
    return examine([sys.executable])


def main() -> int:
    """Verify the project and say what to do next. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a console may not know the letters of a path
    write_dotenv()
    code, report = verify()
    if code not in (0, 2):
        print(f"The new project does not pass its own checks:\n\n{report}", file=sys.stderr)
        return 1
    if UV:
        install, run = "uv sync", "uv run "
    else:
        activate = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"
        install = f"python -m venv .venv && {activate} && pip install --upgrade pip && pip install -e . --group dev"
        run = ""
    if code == 0:
        print(f"\n{PACKAGE} passes all its checks: {report.strip().splitlines()[-1]}.\n")
    else:
        unchecked = re.findall(r"^unknown +(\S+)", report, re.MULTILINE)
        reason = re.findall(r"not checked: (.+)", report)[0]
        print(
            f"\n{PACKAGE} is there, but not all of it is verified: {reason}.\n"
            f"Not checked: {', '.join(unchecked)}.\n"
            f"Once it is installed, this checks everything: {run}python -m {PACKAGE}.db doctor\n"
        )
    print("Next:")
    print(f"  cd {shlex.quote(str(Path.cwd()))} && {install}")
    print(f'  {run}alembic revision --autogenerate -m "first tables"')
    print(f"  {run}alembic upgrade head")
    return 0


if __name__ == "__main__":
    sys.exit(main())
