"""HTTP/1.1: keep-alive, gzip, chunks, and failing connections."""

import json
import socket
import struct
import threading
from collections.abc import Mapping
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from isal import igzip

from sandbox.alpha_vantage_messages import OLD_NOTE
from sandbox.app import App
from sandbox.faults import Fault
from sandbox.sessions import UTC
from sandbox.web import Request, Response

LARGEST_BODY = 1 << 20
SMALLEST_COMPRESSED = 200
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Server(ThreadingHTTPServer):
    """The listening socket; `stopping` interrupts slow handlers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app = app
        self.stopping = threading.Event()
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that close the connection."""

    def server_close(self) -> None:
        self.stopping.set()
        super().server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "marketloom-sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=unquote(split.path),
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            base=f"http://{self.headers.get('Host') or ':'.join(map(str, self.server.server_address[:2]))}",
            body=self.rfile.read(min(length, LARGEST_BODY)),
        )
        app = self.server.app
        try:
            instant = app.instant_of(request)
        except ValueError as error:
            self._send(Response(400, json.dumps({"error": f"X-Sandbox-Now: {error}"}).encode()))
            return
        with app.world.clock.at(instant):
            response, fault = app.respond(request)
            if fault is None:
                self._send(response)
            else:
                self._fail(response, fault)

    def _fail(self, response: Response, fault: Fault) -> None:
        if fault.kind == "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            body = fault.body if fault.body is not None else json.dumps({"status": "ERROR", "error": "simulated"})
            self._send(Response(fault.status, body.encode(), headers=headers))
        elif fault.kind == "note":
            self._send(Response(200, json.dumps({"Note": OLD_NOTE}, indent=4).encode()))
        elif fault.kind == "html":
            self._send(Response(200, PAGE, "text/html; charset=utf-8"))
        elif fault.kind == "empty":
            self._send(Response(200, b"", response.content_type))
        elif fault.kind == "slow":
            self._send(response, seconds=fault.seconds)
        elif fault.kind == "truncate" and fault.cut == "body":
            response.body = response.body[: len(response.body) // 2]
            self._send(response)
        elif fault.kind == "truncate":
            response.chunked = False
            self._send(response, share=0.5)
            self.close_connection = True
        else:
            if fault.kind == "timeout":
                self.server.stopping.wait(fault.seconds)
            else:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            self.close_connection = True

    def _send(self, response: Response, seconds: float = 0.0, share: float = 1.0) -> None:
        """Send `share` of the response, its body over `seconds`."""
        body = response.body
        zipped = "gzip" in (self.headers.get("Accept-Encoding") or "") and len(body) > SMALLEST_COMPRESSED
        if zipped:
            body = igzip.compress(body, compresslevel=1, mtime=0)
        self.send_response_only(response.status)
        self._send_headers(response.headers)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        bodiless = response.status == 304 or self.command == "HEAD"
        if response.chunked and body and not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        elif response.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if bodiless:
            return
        if not seconds:
            self.wfile.write(body[: int(len(body) * share)])
            return
        step = max(1, len(body) // 20)
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            if self.server.stopping.wait(seconds / 20):
                return

    def _send_headers(self, headers: Mapping[str, str]) -> None:
        now = self.server.app.world.now()
        self.send_header("Server", headers.get("Server", self.server_version))
        self.send_header("Date", format_datetime(now.astimezone(UTC), usegmt=True))
        self.send_header("X-Sandbox-Now", now.isoformat(timespec="microseconds"))
        for name, value in headers.items():
            if name != "Server":
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: /_sandbox/requests lists the requests."""
