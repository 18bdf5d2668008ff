"""A web server on the loopback with responses by path, which records what it is asked. It serves as a proxy too."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, Mapping[str, str], bytes]
FEED = b"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Local</title>
<item><guid>g1</guid><title>News</title><link>http://example.invalid/1</link>
<pubDate>Tue, 02 Jan 2024 15:00:00 GMT</pubDate></item></channel></rss>"""


@dataclass
class Web:
    """`answer` gives the response to a path (or, as a proxy, to an address); `asked` are the requests so far."""

    answer: Callable[[str], Answer]
    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def web(answer: Callable[[str], Answer]) -> Iterator[Web]:
    """Serve for the duration of the block."""
    served = Web(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *parts: object) -> None:
            pass

        def do_GET(self) -> None:
            served.asked.append((self.path, dict(self.headers)))
            status, headers, body = served.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_CONNECT = do_GET  # noqa: N815  # the name that the standard library calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def feed(path: str) -> Answer:
    """A good feed at every path."""
    return 200, {"Content-Type": "application/rss+xml"}, FEED
