"""What routes ask for, by naming it as the type of an argument."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from . import db


def session() -> Iterator[Session]:
    """Give a request a session, which commits if nothing was raised."""
    with db.sessions().begin() as session:
        yield session


# With this scope it commits before the answer is sent: nobody is told of a row that then cannot be saved.
SessionDep = Annotated[Session, Depends(session, scope="function")]
