"""An example of a resource: replace it with your first one."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from .dependencies import SessionDep
from .models.author import Author

router = APIRouter(prefix="/authors", tags=["authors"])


class NewAuthor(BaseModel):
    """What a client sends."""

    name: str = Field(min_length=1, max_length=200)
    email: str | None = Field(None, max_length=254)


class SavedAuthor(NewAuthor):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: datetime


@router.post("", status_code=201)
def create(new: NewAuthor, session: SessionDep) -> SavedAuthor:
    """Save an author. If there is one with this e-mail address, the answer is 409."""
    author = Author(**new.model_dump())
    session.add(author)
    session.flush()
    return SavedAuthor.model_validate(author)


@router.get("/{author_id}")
def read(author_id: Annotated[int, Path(ge=1, lt=2**31)], session: SessionDep) -> SavedAuthor:
    """Return one author."""
    author = session.get(Author, author_id)
    if author is None:
        raise HTTPException(404, f"There is no author {author_id}.")
    return SavedAuthor.model_validate(author)


@router.get("")
def list_page(
    session: SessionDep,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[SavedAuthor]:
    """Return a page of authors, by their ids. The next page is that after the last id of this one."""
    page = select(Author).where(Author.id > after).order_by(Author.id).limit(limit)
    return [SavedAuthor.model_validate(author) for author in session.scalars(page)]
