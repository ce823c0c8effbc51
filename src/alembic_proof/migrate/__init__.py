"""How a migration connects, waits, commits, and goes on after an interruption."""
