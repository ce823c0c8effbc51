"""The application starts on a database at the newest revision only, and says that it is ready."""

from flask.testing import FlaskClient


def test_it_is_ready(client: FlaskClient) -> None:
    """It asks the database each time."""
    assert client.get("/health/live").get_json() == {"status": "live"}
    assert client.get("/health/ready").get_json() == {"status": "ready"}
