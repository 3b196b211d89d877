"""The local server: files of a site to who knows its token, from this machine only."""

from __future__ import annotations

import secrets
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from natsbin import frames
from natsbin.errors import OutputError, QuestionError
from natsbin.explore.site import MEDIA_TYPES, Site

ADDRESS = "127.0.0.1"
HOSTS = [ADDRESS, "localhost"]
"""Names by which the server may be asked. A page of another site that makes its name point here is refused."""

SECURITY = {
    # the page has the same policy in a meta element, as static sites have no headers
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_LARGEST_QUESTION = 1 << 20  # bytes; the indexes of a whole space take 200 KB
_MOST_BRACKETS = 100  # opening ones; a question has two. Deep nesting fills the stacks that threads have with musl


def application(site: Site, token: str) -> Starlette:
    """The server of a site as an ASGI application, which answers below ``/TOKEN/`` only."""
    lock = threading.Lock()  # one file at a time: memory stays small, and nothing in a store meets two threads

    def check(request: Request) -> None:
        if not secrets.compare_digest(request.path_params["token"].encode(), token.encode()):
            raise HTTPException(404)

    def file(request: Request) -> Response:
        check(request)
        name = request.path_params["name"] or "index.html"
        make = site.files.get(name)  # a name, never a path: there is nothing to climb out of
        if make is None:
            raise HTTPException(404)
        with lock:
            content = make()
        return Response(content, media_type=MEDIA_TYPES[Path(name).suffix])

    async def parquet(request: Request) -> Response:
        check(request)
        if request.headers.get("content-type") != "application/json":
            raise HTTPException(415)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST_QUESTION:
                raise HTTPException(413)
        from starlette.concurrency import run_in_threadpool

        return Response(
            await run_in_threadpool(_parquet, site, bytes(body), lock),
            media_type="application/vnd.apache.parquet",
        )

    routes = [
        Route("/{token}/table.parquet", parquet, methods=["POST"]),
        Route("/{token}/{name:path}", file, methods=["GET"]),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)
    app = Starlette(routes=routes, middleware=[Middleware(_Headers), hosts])
    app.router.redirect_slashes = False
    return app


class _Headers:
    """Adds the headers of SECURITY to every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
                message["headers"] = [*message.get("headers", []), *own]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _parquet(site: Site, body: bytes, lock: threading.Lock) -> bytes:
    """The rows of ``natsbin.frame`` for a selection: ``space``, ``hp``, ``epoch`` and ``architectures``."""
    import json

    try:
        if body.count(b"{") + body.count(b"[") > _MOST_BRACKETS:
            raise ValueError
        asked = json.loads(body)
        store = site.stores[asked["space"]]
        hp, epoch, indexes = asked["hp"], asked["epoch"], asked["architectures"]
        if not isinstance(hp, str) or type(epoch) is not int or any(type(one) is not int for one in indexes):
            raise TypeError
        with lock, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.parquet"
            frames.write_table(store, path, hp=hp, epoch=epoch, architectures=indexes)
            return path.read_bytes()
    except (KeyError, TypeError, ValueError, QuestionError) as error:
        raise HTTPException(400) from error


def serve(site: Site, *, port: int = 0, on_start: Callable[[str], None], browser: bool = False) -> None:
    """Serve a site on this machine until the process is interrupted.

    Args:
        site: what to serve.
        port: 0 for one that is free.
        on_start: is called with the address once the server listens.
        browser: open the address in the user's browser.

    Raises OutputError where the port is taken.
    """
    token = secrets.token_urlsafe(24)
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            raise OutputError(f"port {port} of {ADDRESS}: {error.strerror}; choose another with --port") from error
        listening.listen()
        address = f"http://{ADDRESS}:{listening.getsockname()[1]}/{token}/"
        on_start(address)
        if browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        config = uvicorn.Config(application(site, token), log_level="warning", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])
        raise KeyboardInterrupt  # which ended the server; from Python 3.12 on, asyncio keeps it to itself
    finally:
        listening.close()
