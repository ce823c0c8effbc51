"""What an exception that ended a check is: the project's fault, with its place; or the doctor's own; or nobody's."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import sys
import traceback
from codecs import BOM_UTF8
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SettingsError, first_line
from ..sandbox import SCRATCH_VARIABLE
from ..settings import toml_loads
from .error_hints import hint
from .findings import Outcome, Problem
from .model_places import place_in, tables

if TYPE_CHECKING:
    from .layout import Layout
    from .project import Project

_LIBRARY = Path(__file__).parents[1]
_OWN_CODE = tuple(str(_LIBRARY / part) for part in ("doctor", "schema", "sandbox"))


SAVE_AS_UTF_8 = "save it as UTF-8"
END_CONFLICT = "keep one side of each, or what both come to, and delete the lines of <<<<<<<, ======= and >>>>>>>"
_NO_EXIT = "delete this exit: alembic goes on after env.py, and an error has to come out"


def failure(project: Project, error: BaseException) -> Outcome:
    """Return how a check ended that raised something, with the file and line that it comes from."""
    if isinstance(error, ModuleNotFoundError) and not project.has_module(error.name or ""):
        return Outcome.unknown(f"{not_installed(error)}{_importer(project, error)}")
    if isinstance(error, SyntaxError):
        error.filename = error.filename or _with_null_byte(project)
        if error.filename:
            return _failed(Problem(*unreadable(project, error)))
    if type(error).__name__ == "TOMLDecodeError" and (problem := unreadable_toml(project)):
        return _failed(problem)
    if problem := _percent_in_path(project, error):
        return _failed(problem)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if project.is_inside(frame.filename)]
    told = re.sub(r"<[\w.]*?(\w+) object at 0x[0-9a-f]+>", r"\1", first_line(error))  # it is the same one every time
    message = f"{type(error).__name__}: {told}"
    if own and isinstance(error, SystemExit) and not error.code:
        place = project.name(own[-1].filename, own[-1].lineno)
        return _failed(Problem(place, "it ends alembic with exit code 0, whatever has happened before", _NO_EXIT))
    places = [frame.filename for frame in frames]
    is_of_revisions = any(f"{os.sep}alembic{os.sep}script{os.sep}" in place for place in places)
    is_ours = frames[-1].filename.startswith(_OWN_CODE) or isinstance(error, (TypeError, NameError))
    if not own and not is_of_revisions and (is_ours or hasattr(error, "orig")):
        return Outcome.unknown(f"the doctor itself failed, at {_own_place(frames)}: {message}: please report it")
    if own and own[-1].filename == str(project.env) and _asks_for_arguments(project):
        return Outcome.unknown(
            f"env.py reads -x arguments, and without them ends with {message}: give the doctor -x name=value"
        )
    if type(error).__name__ == "NoSuchModuleError" and not project.url and _application_sets_url(project):
        return Outcome.unknown(f"the application sets the URL of the database ({message}): give the doctor --url")
    if project.takes_connection and not project.url and own and own[-1].filename == str(project.env):
        needed = f"env.py takes its connection from the application ({message})"
        return Outcome.unknown(f"{needed}: give the doctor --url, with the URL that the application connects to")
    if server := _missing_extension(error):
        return Outcome.unknown(server)
    if type(error).__name__ == "NoReferencedTableError":
        return _failed(_missing_table(project, error, message))
    where = project.name(own[-1].filename, own[-1].lineno) if own else project.name(project.env)
    if not own or own[-1].filename == str(project.env):  # which only runs what autogenerate wrote
        where = _column_place(project, error) or where
    return _failed(Problem(where, message, hint(error, _statement(own[-1]) if own else "")))


def _importer(project: Project, error: ModuleNotFoundError) -> str:
    """Return which line of the project imports a module that there is not, and what to do; or an empty string."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if project.is_inside(frame.filename)]
    if not own:
        return ""
    place = project.name(own[-1].filename, own[-1].lineno)
    return f" ({place} imports it): install it; or, if it is a module that was renamed or moved, correct this import"


def _statement(frame: traceback.FrameSummary) -> str:
    """Return the source of the statement in which a frame is, as far as this Python tells."""
    last = getattr(frame, "end_lineno", None) or frame.lineno or 0  # Python 3.10 has no end
    return "".join(linecache.getline(frame.filename, line) for line in range(frame.lineno or 0, last + 1))


def _missing_extension(error: BaseException) -> str:
    """Return a sentence about an extension that the server lacks; otherwise an empty string.

    PostgreSQL says feature_not_supported (0A000) or undefined_file (58P01).
    """
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or getattr(
        getattr(error, "orig", None), "pgcode", ""
    )
    named = re.search(r"extension[ /].*?(\w+)(?:\"|\.control)", str(error))
    if code not in ("0A000", "58P01") or named is None:
        return ""
    where = f"set {SCRATCH_VARIABLE} to a database on a server that has it"
    return f"the server of the scratch database has no extension {named[1]}: install it there, or {where}"


def _missing_table(project: Project, error: BaseException, message: str) -> Problem:
    """Return the problem of a foreign key that leads to a table of which the metadata does not know."""
    table = str(getattr(error, "table_name", ""))
    files = project.files_with(rb"ForeignKey|foreign_key") if table else []
    places = [
        project.name(path, number)
        for path in files
        if path not in project.revision_files
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if re.search(rf"[\"']{re.escape(table)}\.\w+[\"']", line)
    ]
    where = places[0] if places else project.name(project.env)
    with contextlib.suppress(Exception):
        if similar := get_close_matches(table, project.handed_over, 1):
            return Problem(where, message, f"did you mean {similar[0]}? If not, let env.py import the model of {table}")
    return Problem(where, message, f"correct the name, or let env.py import the model of {table}, with the same Base")


def _column_place(project: Project, error: BaseException) -> str:
    """Return where a model has the column that an error of SQLAlchemy names; an empty string where it names none."""
    named = re.search(r"\(in table '([^']+)', column '([^']+)'\)", str(error))
    places = [place for table, place in tables(project).items() if named and table.name == named[1]]
    return place_in(project, places[0], named[2]) if named and places else ""


def _failed(problem: Problem) -> Outcome:
    return replace(Outcome.of([problem]), failed=True)


def not_installed(error: ModuleNotFoundError) -> str:
    """Return a sentence about a library that this interpreter lacks."""
    return f"{error.name} is not installed for {sys.executable}"


def unreadable(project: Project, error: SyntaxError) -> tuple[str, str, str]:
    """Return where a file is no Python for this interpreter, what is wrong, and what to do."""
    if conflict := conflict_line(error.filename or ""):
        message = "it has the markers of a merge conflict, and is no Python"
        return project.name(error.filename or "", conflict), message, END_CONFLICT
    if "null byte" in str(error.msg):
        message = "it has null bytes, and is no Python: it may be saved as UTF-16, as by PowerShell's >"
        return project.name(error.filename or ""), message, SAVE_AS_UTF_8
    if "codec can't decode" in str(error.msg) and (line := _not_utf_8(error.filename or "")):
        message = "it is not saved as UTF-8, and says no other encoding in a comment on its first line"
        return project.name(error.filename or "", line), message, SAVE_AS_UTF_8
    version = ".".join(map(str, sys.version_info[:2]))
    fix = f"mend the line; if it is right in a newer Python than {version}, give the doctor that one: --python PATH"
    return project.name(error.filename or "", error.lineno), f"it cannot be read as Python {version}: {error.msg}", fix


def _percent_in_path(project: Project, error: BaseException) -> Problem | None:
    """Return the problem of a % in the path of the project, of which configparser speaks as if it was in an option."""
    directory, found = str(project.ini.parent), re.search(r"found: '(%.*)'$", str(error))
    if type(error).__name__ != "InterpolationSyntaxError" or found is None or not directory.endswith(found[1]):
        return None
    message = f"its directory, {directory}, has a % in the path, which configparser takes for a reference to an option"
    return Problem(project.name(project.ini), message, "rename the directory")


def unreadable_configuration(project: Layout, file: Path) -> Problem | None:
    """Return why an alembic.ini or a pyproject.toml cannot be read, as far as its bytes tell; None if they do not."""
    if conflict := conflict_line(file):
        return Problem(project.name(file, conflict), "it has the markers of a merge conflict", END_CONFLICT)
    if line := _not_utf_8(file):
        return Problem(project.name(file, line), "it is not saved as UTF-8", SAVE_AS_UTF_8)
    if file.read_bytes().startswith(BOM_UTF8):
        message = "it begins with a byte order mark, with which it cannot be read"
        return Problem(project.name(file, 1), message, f"{SAVE_AS_UTF_8} without BOM, as an editor calls it")
    return None


def unreadable_toml(project: Layout) -> Problem | None:
    """Return where the pyproject.toml is no TOML, and what to do; None if it is, or is not there."""
    file = project.pyproject
    try:
        toml_loads()(file.read_text("utf-8"))
    except (OSError, SettingsError):
        return None
    except ValueError as error:  # also where it is not UTF-8
        line = re.search(r"\(at line (\d+)", str(error))
        where, message = project.name(file, int(line[1]) if line else None), f"it is no TOML: {first_line(error)}"
        return unreadable_configuration(project, file) or Problem(where, message, "mend this line")
    return None


def _not_utf_8(file: str | Path) -> int | None:
    """Return the first line of a file that is not UTF-8, None if there is none."""
    for number, line in enumerate(Path(file).read_bytes().split(b"\n") if Path(file).is_file() else (), 1):
        with contextlib.suppress(UnicodeDecodeError):
            line.decode("utf-8")
            continue
        return number
    return None


def _with_null_byte(project: Project) -> str | None:
    """Return the file of the project that has a null byte, as Python does not say in which one it found it."""
    return next((str(path) for path in project.files if b"\0" in path.read_bytes()), None)


def conflict_line(file: str | Path) -> int | None:
    """Return the line where git marked the first conflict of a merge in a file, if there is one."""
    lines = Path(file).read_text("utf-8", "replace").splitlines() if Path(file).is_file() else []
    ends = any(line.startswith(">>>>>>> ") for line in lines)
    return next((number for number, line in enumerate(lines, 1) if ends and line.startswith("<<<<<<< ")), None)


def _application_sets_url(project: Project) -> bool:
    """Tell whether the project's code, and not env.py, hands Alembic the URL."""
    files = project.files_with(rb"set_main_option\(\s*[\"']sqlalchemy\.url")
    return any(path != project.env for path in files)


def _own_place(frames: traceback.StackSummary) -> str:
    """Return the deepest line of this library."""
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(_LIBRARY)]
    return f"{Path(inside[-1].filename).relative_to(_LIBRARY)}:{inside[-1].lineno}" if inside else "an unknown place"


def _asks_for_arguments(project: Project) -> bool:
    return project.env.is_file() and b"get_x_argument" in project.env.read_bytes() and not project.x
