"""Asynchronous drivers, through which an env.py of ``alembic init -t async`` migrates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, NullPool, make_url
from sqlalchemy.ext.asyncio import create_async_engine

T = TypeVar("T")
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def run_sync(url: str, function: Callable[[Connection], T]) -> T:
    """Call a function with a connection of an asynchronous driver, as ``run_sync()`` does, and return its result."""
    drivername = DRIVERS[make_url(url).get_backend_name()]

    async def run() -> T:
        engine = create_async_engine(make_url(url).set(drivername=drivername), poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(function)
        finally:
            await engine.dispose()

    return asyncio.run(run())
