"""The command line of this package: ``python -m {{ cookiecutter.__package_name }}.db doctor``, adopt or lint."""

import argparse
import sys
from importlib import import_module

COMMANDS = ("adopt", "doctor", "lint")  # modules with a main(); each is imported when it is wanted


def main() -> int:
    """Run the named command with the rest of the arguments and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m {{ cookiecutter.__package_name }}.db", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    arguments = parser.parse_args(sys.argv[1:2])
    return int(import_module(f".{arguments.command}", __package__).main(sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
