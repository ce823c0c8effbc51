"""The resource of the example. Replace it together with authors.py."""

from flask.testing import FlaskClient

ADA = {"name": "Ada Lovelace", "email": "ada@example.com"}


def test_an_author_is_saved_and_found(client: FlaskClient) -> None:
    """By the id that it got."""
    saved = client.post("/authors", json=ADA)
    assert saved.status_code == 201
    assert client.get(f"/authors/{saved.get_json()['id']}").get_json() == saved.get_json()


def test_pages(client: FlaskClient) -> None:
    """Each begins after the last id of the one before."""
    one, two, three = [client.post("/authors", json={"name": name}).get_json()["id"] for name in ("a", "b", "c")]
    first = client.get("/authors", query_string={"after": one - 1, "limit": 2})
    second = client.get("/authors", query_string={"after": two, "limit": 2})
    assert [author["id"] for author in first.get_json()] == [one, two]
    assert [author["id"] for author in second.get_json()] == [three]


def test_errors(client: FlaskClient) -> None:
    """An author that there is not; an e-mail address that is taken; one without a name."""
    assert client.get("/authors/1").status_code == 404
    assert [client.post("/authors", json=ADA).status_code for _ in range(2)] == [201, 409]
    assert client.post("/authors", json={"name": ""}).status_code == 422
