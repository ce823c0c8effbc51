"""The entry of a worker's process: like cli/entry.py, it changes how the whole process behaves."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess

from .work import WORKING


def begin() -> None:
    """Prepare a process as a worker: Ctrl-C is for its parent, which it outlives by one job at most."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    """Wait for the end of the parent, then for that of the job, and end the process."""
    parent.join()
    with WORKING:
        os._exit(1)
