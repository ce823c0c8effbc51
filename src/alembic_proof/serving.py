"""What a web application makes of the database's errors: one sentence at the start, and later the right answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

from . import dialects
from .errors import DatabaseNotReady, SettingsError, error_codes

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_FAILED = "lifespan.startup.failed"


class StartupErrors:
    """ASGI middleware: lets the server print the sentence of an error at the start in place of a traceback.

    Of DatabaseNotReady and SettingsError, that is; the traceback of any other error is printed as ever. The server
    ends with its own exit code for a start that failed.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve a request, or the lifespan."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        failed: list[Message] = []  # what the framework says of the error that it is about to raise

        async def hold_back(message: Message) -> None:
            if message["type"] == _FAILED:
                failed.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold_back)
        except (DatabaseNotReady, SettingsError) as error:
            if failed:
                await send({"type": _FAILED, "message": str(error)})
            raise
        except BaseException:
            for message in failed:
                await send(message)
            raise


def trouble(error: BaseException) -> Literal["conflict", "value", "unavailable"] | None:
    """Tell what kind of trouble an error of the database is, so that a web application knows what to answer.

    :param error: what SQLAlchemy has raised; ConnectionError, of asyncpg, where nobody is reached; UnicodeEncodeError,
        of drivers, for half of a surrogate pair, which JSON can have and no database takes.
    :return: "conflict" where a constraint refuses a row, as UNIQUE or a foreign key (HTTP 409); "value" where a column
        cannot hold a value (422); "unavailable" where the same may succeed later: nobody answers, the connection was
        lost, a lock was not to be had (503). None for any other error: that is a fault of the program (500).
    """
    from sqlalchemy import exc

    if isinstance(error, (ConnectionError, exc.TimeoutError)):  # the latter: no connection of the pool became free
        return "unavailable"
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return "value"
    if not isinstance(error, exc.DBAPIError):
        return None
    codes = error_codes(error.orig)
    classes = {code[:2] for code in codes if isinstance(code, str) and len(code) == 5}
    databases = [dialects.get(name) for name in dialects.KNOWN]
    if error.connection_invalidated or any((codes | classes) & database.unavailable for database in databases):
        return "unavailable"
    if isinstance(error, exc.IntegrityError) or any(codes & database.refused for database in databases):
        return "conflict"
    if isinstance(error, exc.DataError):
        return "value"
    # What fails without a statement is to connect, to commit or to roll back.
    is_connecting = isinstance(error, (exc.OperationalError, exc.InterfaceError)) and not error.statement
    return "unavailable" if is_connecting else None
