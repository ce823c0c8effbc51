"""What routes ask for, by naming it as the type of an argument."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from . import db


async def session() -> AsyncIterator[AsyncSession]:
    """Give a request a session, which commits if nothing was raised."""
    async with db.sessions().begin() as session:
        yield session


# With this scope it commits before the answer is sent: nobody is told of a row that then cannot be saved.
SessionDep = Annotated[AsyncSession, Depends(session, scope="function")]
