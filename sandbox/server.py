"""Run the sandbox as a server (`serve`) or inside a test (`Sandbox`)."""

import contextlib
import sys
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.app import App
from sandbox.clock import Clock, parse_instant
from sandbox.faults import read_fault
from sandbox.handler import Server
from sandbox.market import Market
from sandbox.web import World


class Sandbox:
    """A running sandbox in this process: `with Sandbox(now=…) as sandbox: get(sandbox.url + "/polygon/…")`.

    `now` pins the clock (None: real time). `market` holds the true data.
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
        """Add a fault: see `faults.Fault` for its fields."""
        self.app.faults.add(read_fault({"match": match, "kind": kind, **details}))

    def renew_quotas(self) -> None:
        """Renew the allowances of all keys."""
        self.app.world.quotas.clear()

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests to the providers so far, oldest first."""
        return self.app.requests()


def serve(
    host: str = "127.0.0.1",
    port: int = 8765,
    seed: int = 7,
    securities: int = 120,
    now: datetime | str | None = None,
    ready_file: Path | None = None,
    until_stdin_closes: bool = False,
) -> None:
    """Serve until interrupted. Prints one line with the address (also into `ready_file`) once it is listening.

    With `until_stdin_closes` it also ends when its parent process does, however that ends.
    """
    sandbox = Sandbox(seed=seed, securities=securities, now=now, host=host, port=port)
    if ready_file is not None:
        partial = ready_file.with_suffix(".partial")
        partial.write_text(sandbox.url + "\n")
        partial.replace(ready_file)
    print(f"sandbox: {securities} securities (seed {seed}) at {sandbox.url}", flush=True)
    # It listens at once; early requests wait until the market is ready.
    threading.Thread(target=sandbox.market.splits, args=(sandbox.now,), daemon=True).start()
    if until_stdin_closes:
        threading.Thread(target=_shut_down_after_stdin, args=(sandbox.server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        sandbox.server.serve_forever()
    sandbox.server.server_close()


def _shut_down_after_stdin(server: Server) -> None:
    sys.stdin.read()
    server.shutdown()
