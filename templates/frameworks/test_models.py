"""The models work on the tables that the migrations make. Replace the example's test with your own."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from {{ cookiecutter.__package_name }}.models.author import Author
from {{ cookiecutter.__package_name }}.models.book import Book


def test_a_book_is_found_by_its_author(session: Session) -> None:
    """What is saved is found, with what the database has set."""
    session.add(Author(name="한강", books=[Book(title="채식주의자", pages=247)]))
    session.commit()
    book = session.scalars(select(Book).join(Author).where(Author.name == "한강")).one()
    assert (book.title, book.author.created_at is not None) == ("채식주의자", True)
