"""The resource of the example. Replace it together with authors.py."""

from httpx2 import AsyncClient

ADA = {"name": "Ada Lovelace", "email": "ada@example.com"}


async def test_an_author_is_saved_and_found(client: AsyncClient) -> None:
    """By the id that it got."""
    saved = await client.post("/authors", json=ADA)
    assert saved.status_code == 201
    assert (await client.get(f"/authors/{saved.json()['id']}")).json() == saved.json()


async def test_pages(client: AsyncClient) -> None:
    """Each begins after the last id of the one before."""
    one, two, three = [(await client.post("/authors", json={"name": name})).json()["id"] for name in ("a", "b", "c")]
    first = await client.get("/authors", params={"after": one - 1, "limit": 2})
    second = await client.get("/authors", params={"after": two, "limit": 2})
    assert [author["id"] for author in first.json()] == [one, two]
    assert [author["id"] for author in second.json()] == [three]


async def test_errors(client: AsyncClient) -> None:
    """An author that there is not; an e-mail address that is taken; one without a name."""
    assert (await client.get("/authors/1")).status_code == 404
    assert [(await client.post("/authors", json=ADA)).status_code for _ in range(2)] == [201, 409]
    assert (await client.post("/authors", json={"name": ""})).status_code == 422
