"""Puts the library into vendor/ and has it examine the new project. A problem fails the generation."""

import compileall
import contextlib
import gc
import importlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOME = Path(json.loads({{template_home | tojson | tojson}}))  # type: ignore
SOURCES = str(HOME / "src")  # the template's own library, whatever is installed
PROJECT = Path.cwd()
UV = shutil.which("uv")
DOCTOR = ["doctor", "--config", "alembic.ini", "--no-live", "--json"]


def write_dotenv() -> None:
    """Copy .env.example to .env, readable by its owner only. One that exists belongs to somebody, and stays."""
    try:
        descriptor = os.open(".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "wb") as dotenv:
        dotenv.write(Path(".env.example").read_bytes())


def write_wheel() -> None:
    """Build the library's wheel; with -f, it replaces what an older template has left."""
    wheel = importlib.import_module("alembic_proof.vendoring.wheel")
    path = wheel.build(HOME, Path("vendor"))
    for other in path.parent.glob(wheel.PATTERN):
        if other != path:
            other.unlink()


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


def examine_here() -> Any:
    """Run the doctor in this process, which has nothing else to do, and return its report."""
    compileall.compile_dir(SOURCES, quiet=2)  # the doctor itself writes no bytecode
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        importlib.import_module("alembic_proof.cli").main(DOCTOR)
    return json.loads(output.getvalue())


class DoctorError(Exception):
    """The doctor did not report anything. The message is what was printed instead."""


def examine_with(*python: str) -> Any:
    """Run the doctor with this Python command and return its report. Raises DoctorError if there is none."""
    env = {**os.environ, "PYTHONPATH": SOURCES, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    command = [*python, "-m", "alembic_proof", *DOCTOR]
    run = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", errors="replace")
    try:
        return json.loads(run.stdout)
    except ValueError:
        raise DoctorError(run.stdout + run.stderr) from None


def verify() -> tuple[Any, bool]:
    """Examine the project with what this machine offers: this interpreter's libraries, else those that uv brings.

    Return the doctor's report, and whether it had the libraries.
    """
    if installed():
        return examine_here(), True
    if UV:
        libraries = [f"--with={name}>={version}" for name, version in requirements().items()]
        environment = ["--quiet", "--no-project", "--python=>=3.11", *libraries, "--with=tzdata"]
        with contextlib.suppress(DoctorError):  # there may be no network
            return examine_with(UV, "run", *environment, "python"), True
    return examine_with(sys.executable, "-S"), False  # without libraries, as these are none or too old


def problems(report: Any) -> Iterator[str]:
    """Yield what the doctor found, as its own report says it."""
    for check in report["checks"]:
        if check["verdict"] == "unknown" and not check["needs"]:
            yield f"unknown  {check['id']}: {check['reason']}"
        for finding in check["findings"]:
            if finding["severity"] == "problem":
                yield f"PROBLEM  {check['id']}: {check['title']}"
                yield f"         {finding['where']}: {finding['message']}"
                yield f"         fix: {finding['fix']}"


def next_steps(report: Any) -> Iterator[str]:
    """Yield what there is to tell the user."""
    if UV:
        install, run = "uv sync", "uv run "
    else:
        activate = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"
        python = "py" if os.name == "nt" else "python3"
        pip = "pip install --upgrade pip && pip install -e . --group dev -f vendor"
        install, run = f"{python} -m venv .venv && {activate} && {pip}", ""
    if report["exit_code"] == 0:
        summary = report["summary"]
        checks = f"{summary['ok']} ok, {summary['problem']} PROBLEM, {summary['unknown']} unknown"
        yield f"\n{PROJECT.name} passes all its checks: {checks}.\n"
    else:
        needs = " and ".join(f"{name} {version}" for name, version in requirements().items())
        yield f"\n{PROJECT.name} was made, but not all of it is verified: {sys.executable} has no {needs} (or newer)."
        yield (
            "Not checked: "
            + ", ".join(check["id"] for check in report["checks"] if check["verdict"] == "unknown")
            + "."
        )
        yield f"Once the project is installed, this checks everything: {run}alembic-proof doctor\n"
    yield "Next:"
    yield f"  cd {shlex.quote(str(PROJECT))} && {install}"
    if Path("compose.yaml").exists():
        yield "  docker compose up -d --wait  # or let .env lead to a server that you have"
    yield f'  {run}alembic revision --autogenerate -m "first tables"'
    yield f"  {run}alembic upgrade head"


def main() -> int:
    """Complete the project, verify it, and say what to do next. Returns the exit code."""
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")  # a console may not know the letters of a path
    for name in [name for name in os.environ if re.match("(TEST_)?DATABASE_URL|MIGRATION_", name)]:
        del os.environ[name]  # it was not set for this project
    os.environ["TEST_DATABASE_URL"] = "sqlite://"  # the server that .env names need not be there yet
    write_dotenv()
    write_wheel()
    try:
        report, complete = verify()
    except DoctorError as error:
        print(f"The project could not be examined:\n\n{error}", file=sys.stderr)
        return 1
    if report["exit_code"] == 1 or (report["exit_code"] and complete):
        print("The project does not pass its own checks:\n", *problems(report), sep="\n", file=sys.stderr)
        return 1
    print("\n".join(next_steps(report)))
    return 0


if __name__ == "__main__":
    sys.path[0] = SOURCES  # instead of the directory of temporary files, in which this one is
    gc.disable()  # most of the time goes into imports, of which nothing is garbage
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore  # Mako need not import Pygments
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # at once: taking down all that was imported would take as long as several checks
