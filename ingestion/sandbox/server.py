"""The sandbox's HTTP server, to run for good (`serve`) or inside a test (`Sandbox`)."""

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ingestion.sandbox.app import App
from ingestion.sandbox.clock import Clock, parse_instant
from ingestion.sandbox.faults import Fault, read_fault
from ingestion.sandbox.market import Market
from ingestion.sandbox.sessions import UTC
from ingestion.sandbox.web import Answer, Request, World

LARGEST_BODY = 1 << 20
SMALLEST_COMPRESSED = 200
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Server(ThreadingHTTPServer):
    """The listening socket; `stopping` wakes handlers that are busy being slow."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app = app
        self.stopping = threading.Event()
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news here."""

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
            path=split.path,
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            base=f"http://{self.headers.get('Host') or ':'.join(map(str, self.server.server_address[:2]))}",
            body=self.rfile.read(min(length, LARGEST_BODY)),
        )
        answer, fault = self.server.app.answer(request)
        if fault is None:
            self._send(answer)
        else:
            self._fail(answer, fault)

    def _fail(self, answer: Answer, fault: Fault) -> None:
        if fault.kind == "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            body = fault.body if fault.body is not None else json.dumps({"status": "ERROR", "error": "simulated"})
            self._send(Answer(fault.status, body.encode(), headers=headers))
        elif fault.kind == "html":
            self._send(Answer(200, PAGE, "text/html; charset=utf-8"))
        elif fault.kind == "empty":
            self._send(Answer(200, b"", answer.content_type))
        elif fault.kind == "slow":
            self._send(answer, seconds=fault.seconds)
        elif fault.kind == "truncate" and fault.cut == "body":
            answer.body = answer.body[: len(answer.body) // 2]
            self._send(answer)
        elif fault.kind == "truncate":
            answer.chunked = False
            self._send(answer, share=0.5)
            self.close_connection = True
        else:
            if fault.kind == "timeout":
                self.server.stopping.wait(fault.seconds)
            else:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            self.close_connection = True

    def _send(self, answer: Answer, seconds: float = 0.0, share: float = 1.0) -> None:
        """Send `share` of the answer, its body spread over `seconds`."""
        body = answer.body
        zipped = "gzip" in (self.headers.get("Accept-Encoding") or "") and len(body) > SMALLEST_COMPRESSED
        if zipped:
            body = gzip.compress(body, compresslevel=1, mtime=0)
        self.send_response(answer.status)
        self._send_headers(answer.headers)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        bodiless = answer.status == 304 or self.command == "HEAD"
        if answer.chunked and body and not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        elif answer.status != 304:
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
        self.send_header("X-Sandbox-Now", self.server.app.world.now().isoformat(timespec="microseconds"))
        for name, value in headers.items():
            if name != "Server":
                self.send_header(name, value)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.app.world.now().astimezone(UTC), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: /_sandbox/requests tells what was asked."""


class Sandbox:
    """A running sandbox in this process: `with Sandbox(now=…) as sandbox: get(sandbox.url + "/polygon/…")`.

    `now` pins the clock (None: real time). `market` is the truth behind the data.
    """

    def __init__(
        self,
        seed: int = 7,
        securities: int = 120,
        now: datetime | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        market: Market | None = None,
    ) -> None:
        self.market = market or Market(seed, securities)
        self.app = App(World(self.market, Clock()))
        self.set_clock(now)
        self.server = Server((host, port), self.app)
        self.url = f"http://{host}:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Sandbox":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)

    @property
    def now(self) -> datetime:
        return self.app.world.now()

    def set_clock(self, now: datetime | str | None) -> None:
        """Pin the clock to an aware datetime or an ISO string, or let it run (None)."""
        self.app.set_clock(parse_instant(now) if isinstance(now, str) else now)

    def add_fault(self, match: str, kind: str, **details: Any) -> None:
        """Order a fault: see `faults.Fault` for its fields."""
        self.app.faults.add(read_fault({"match": match, "kind": kind, **details}))

    def clear_faults(self) -> None:
        self.app.faults.clear()

    def renew_quotas(self) -> None:
        """Give every key its whole allowance again."""
        self.app.world.quotas.clear()

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the providers so far, oldest first."""
        return self.app.requests()


def serve(
    host: str = "127.0.0.1",
    port: int = 8765,
    seed: int = 7,
    securities: int = 120,
    now: datetime | str | None = None,
    ready_file: Path | None = None,
) -> None:
    """Serve until interrupted. Prints one line with the address (also into `ready_file`) once it is listening."""
    sandbox = Sandbox(seed=seed, securities=securities, now=now, host=host, port=port)
    print(f"sandbox: {securities} securities (seed {seed}) at {sandbox.url}", flush=True)
    if ready_file is not None:
        partial = ready_file.with_suffix(".partial")
        partial.write_text(sandbox.url + "\n")
        partial.replace(ready_file)
    # The first answer need not wait for the whole walk of prices.
    threading.Thread(target=sandbox.market.splits, args=(sandbox.now,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        sandbox.server.serve_forever()
    sandbox.server.server_close()
