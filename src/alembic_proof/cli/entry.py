"""The entry of the process, and the only place that changes how the whole process behaves."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from typing import NoReturn

from . import main

_CLOSED_PIPE = 128 + 13  # as a shell says it of a process that SIGPIPE ended


def run(argv: list[str] | None = None) -> NoReturn:
    """Run the command line, and end the process with its exit code."""
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # it cleans up as after Ctrl-C
    gc.disable()  # most of the time goes into importing, of which nothing is garbage
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]  # Mako need not import Pygments
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        getattr(sys, name).reconfigure(errors="backslashreplace")
    try:
        code = main(argv)
        sys.stdout.flush()
    except SystemExit as ended:  # argparse
        code = ended.code if isinstance(ended.code, int) else 2
    except BrokenPipeError:  # whoever read the output, such as head, has seen enough
        code = _CLOSED_PIPE
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # at once: taking down all that was imported takes as long as several checks


def run_module() -> NoReturn:
    """Run ``python -m alembic_proof`` without the working directory on the path, as the alembic command has it."""
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if sys.path[:1] in ([""], [os.getcwd()]) and home != os.getcwd():
        del sys.path[0]
    run()
