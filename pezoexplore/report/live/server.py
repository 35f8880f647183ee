"""The server of the live page: on this machine alone, and only for who has its random token."""

from __future__ import annotations

import json
import secrets
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pezoexplore.errors import PezoError
from pezoexplore.files import why
from pezoexplore.report.live.state import LiveRun

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "127.0.0.1"
NAMES = (ADDRESS, "localhost")
"""Names under which a browser may ask: another name that leads here is some other site's."""

QUIET_S = 10.0
"""Seconds after which a connection that says nothing is closed."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own files, and nothing from elsewhere."""

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "": "application/json"}

_FILES = {
    "": ("pezoexplore.report.live", "page.html"),
    "page.js": ("pezoexplore.report.live", "page.js"),
    "page.css": ("pezoexplore.report.html", "page.css"),
    "plotly.js": ("plotly", "package_data/plotly.min.js"),
}
"""Package and file behind each address below the token, besides ``state``."""


class LiveServer(ThreadingHTTPServer):
    """Serves the page of one run; a context manager.

    Args:
        path: The run directory.
        port: The port; 0 for any that is free.
        interval_s: Seconds between two readings of the database, however many pages ask.

    Attributes:
        url: Address of the page, the token included.

    Raises:
        PezoError: The port is taken or not allowed.
    """

    daemon_threads = True

    def __init__(self, path: Path, port: int, interval_s: float) -> None:
        """Take the port; see the class."""
        self.token = secrets.token_urlsafe(24)
        self.interval_s = interval_s
        self._run, self._lock = LiveRun(path), threading.Lock()
        self._state, self._read_at = b"", -interval_s
        try:
            super().__init__((ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = why(error) if isinstance(error, OSError) else str(error)
            raise PezoError(
                f"port {port} of {ADDRESS}: {reason}; name another with --port, or none for any"
            ) from error
        self.url = f"http://{ADDRESS}:{self.server_address[1]}/{self.token}/"

    def server_bind(self) -> None:
        """Bind without looking up a name for the address, which may wait for a network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def state(self) -> bytes:
        """Return the state as JSON, at most ``interval_s`` old."""
        with self._lock:
            now = time.monotonic()
            if now - self._read_at >= self.interval_s:
                text = json.dumps(
                    {**self._run.state(), "interval_s": self.interval_s}, allow_nan=False
                )
                self._state, self._read_at = text.encode(), now
            return self._state

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say in one line what went wrong with a request; a browser that left is nothing."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            sys.stderr.write(f"warning: a request was not answered: {error!r}\n")


class _Handler(BaseHTTPRequestHandler):
    """Answers GET below the token."""

    server: LiveServer
    server_version, sys_version = "pezoexplore", ""
    timeout = QUIET_S

    def do_GET(self) -> None:
        """Answer with a file or the state, to those who may ask."""
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        _, token, name = (*self.path.partition("?")[0].split("/", 2), "", "")[:3]
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        if not known or host not in NAMES:
            self._answer(403, "", b'{"error": "open the address that the command printed"}')
        elif name == "state":
            self._answer(200, "", self.server.state())
        elif name in _FILES:
            package, file = _FILES[name]
            self._answer(200, file.rpartition(".")[2], (files(package) / file).read_bytes())
        else:
            self._answer(404, "", b'{"error": "no such page"}')

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": f"{_TYPES[kind]}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the address holds the token."""
