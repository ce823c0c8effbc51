"""How much of a fleet is done at once, and how often something is tried."""

from __future__ import annotations

import os

MAX_FAILURES = 10  # then no more targets are begun
THREADS = 8  # that look: a thread waits for a server most of its time
TRIES = 3  # for a job whose workers die
WORKERS = min(8, 2 * (os.cpu_count() or 1))  # half of the time a worker waits for its server, or more if it is far
