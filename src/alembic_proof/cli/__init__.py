"""The command line: ``alembic-proof doctor``, lint, adopt, recipe or vendor."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from .. import __version__
from ..errors import ProofError

# Each is a module with a main(), which is imported when it is called.
COMMANDS = {
    "doctor": "check that a schema is wired and in step",
    "lint": "find what in a revision makes production wait, or breaks the application that still runs there",
    "adopt": "bring an existing database under Alembic, or an existing project under this library",
    "fleet": "bring many databases to one revision, and say which are not",
    "recipe": "print how to do what autogenerate cannot",
    "vendor": "bring another version of this library into a project that carries it in vendor/",
}


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code.

    An error of this library is printed as a sentence: exit code 2. Interrupted by Ctrl-C, it is 130.
    """
    listed = "\n".join(f"  {name:8} {purpose}" for name, purpose in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="alembic-proof",
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description=f"commands:\n{listed}\n\nalembic-proof COMMAND --help explains its options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"alembic-proof {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=", ".join(COMMANDS))
    given = sys.argv[1:] if argv is None else argv
    command = parser.parse_args(given[:1]).command
    try:
        return int(import_module(f".{command}", __package__).main(given[1:]))
    except ProofError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt as interruption:  # with a sentence on the state of things, where one is known
        print(" ".join(["Interrupted.", *map(str, interruption.args)]), file=sys.stderr)
        return 130
