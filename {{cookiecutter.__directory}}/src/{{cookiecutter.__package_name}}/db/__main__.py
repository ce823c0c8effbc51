"""The command line of this package: ``python -m {{ cookiecutter.__package_name }}.db doctor``."""

import argparse
import sys

from . import doctor

COMMANDS = {"doctor": doctor.main}


def main() -> int:
    """Run the named command with the rest of the arguments and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m {{ cookiecutter.__package_name }}.db", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    arguments = parser.parse_args(sys.argv[1:2])
    return COMMANDS[arguments.command](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
