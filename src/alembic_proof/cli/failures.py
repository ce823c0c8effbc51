"""What ``alembic`` and ``flask db`` say of an error that ends them: a sentence with the place, and no traceback.

Both print only Alembic's own errors so. What a model, a revision, a row or a server does comes out of it as it is.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from types import TracebackType
from typing import Any

from ..explaining import sentence
from ..migrate.aftermath import aftermath

VARIABLE = "ALEMBIC_PROOF_TRACEBACK"  # set in the environment, it brings the traceback back


def explain_failures() -> None:
    """Let the error that ends the running alembic command be said in a sentence; any other program is left alone.

    So is one that has a sys.excepthook of its own, as it reports errors to somebody.
    """
    from .. import upstream
    from ..prompts import is_flask_command

    try:
        config = upstream.environment_context().config
    except NameError:  # nobody runs env.py
        return
    is_command = upstream.command_line(config) or is_flask_command(config)
    if is_command and sys.excepthook is sys.__excepthook__ and not os.environ.get(VARIABLE):
        sys.excepthook = partial(_say, config)


def _say(config: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    try:
        text = f"It was interrupted. {aftermath(error)}" if isinstance(error, KeyboardInterrupt) else ""
        text = sentence(config, error, VARIABLE) if isinstance(error, Exception) else text
    except Exception:  # whatever cannot be explained, the traceback shows
        text = ""
    if text:
        print(f"FAILED: {text}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
