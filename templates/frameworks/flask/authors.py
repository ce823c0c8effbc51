"""An example of a resource: replace it with your first one."""

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from . import db
from .models.author import Author

blueprint = Blueprint("authors", __name__, url_prefix="/authors")


@blueprint.post("")
def create() -> ResponseReturnValue:
    """Save an author. If there is one with this e-mail address, the answer is 409."""
    new = new_author(request.get_json())
    with db.sessions().begin() as session:  # which commits before the answer is sent
        session.add(new)
        session.flush()
        return as_json(new), 201


@blueprint.get("/<int(max=2147483647):author_id>")
def read(author_id: int) -> ResponseReturnValue:
    """Return one author."""
    with db.sessions().begin() as session:
        author = session.get(Author, author_id)
        if author is None:
            abort(404, f"There is no author {author_id}.")
        return as_json(author)


@blueprint.get("")
def list_page() -> ResponseReturnValue:
    """Return a page of authors, by their ids. The next page is that after the last id of this one."""
    after, limit = number("after", 0, least=0), number("limit", 20, least=1, most=100)
    page = select(Author).where(Author.id > after).order_by(Author.id).limit(limit)
    with db.sessions().begin() as session:
        return [as_json(author) for author in session.scalars(page)]


def new_author(sent: Any) -> Author:
    """Return what a client sends, or answer 422."""
    name, email = (sent.get("name"), sent.get("email")) if isinstance(sent, dict) else (None, None)
    if not isinstance(name, str) or not 1 <= len(name) <= 200:
        abort(422, "name must be a text of 1 to 200 characters.")
    if email is not None and (not isinstance(email, str) or len(email) > 254):
        abort(422, "email must be a text of at most 254 characters, or null.")
    return Author(name=name, email=email)


def as_json(author: Author) -> dict[str, Any]:
    """Return what a client gets."""
    created_at = author.created_at.isoformat()
    return {"id": author.id, "name": author.name, "email": author.email, "created_at": created_at}


def number(name: str, default: int, *, least: int, most: int = 2**31 - 1) -> int:
    """Return a number of the query, or answer 422."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 11 and least <= int(text) <= most):
        abort(422, f"{name} must be a number from {least} to {most}.")
    return int(text)
