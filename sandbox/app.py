"""Route requests: to the providers by prefix, and to the sandbox's own controls."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import orjson

from sandbox import truth, wire_alpha_vantage, wire_polygon, wire_rss
from sandbox.clock import parse_instant
from sandbox.faults import Fault, Faults, read_fault
from sandbox.outages import is_down
from sandbox.sessions import HORIZON, START
from sandbox.web import Request, Response, World

logger = logging.getLogger(__name__)
Provider = Callable[[World, Request, str], Response]
PROVIDERS: dict[str, Provider] = {
    "polygon": wire_polygon.respond,
    "alpha_vantage": wire_alpha_vantage.respond,
    "rss": wire_rss.respond,
}
REMEMBERED = 20_000
NOTED_HEADERS = ("if-none-match", "if-modified-since", "user-agent", "accept-encoding")
SECRETS = ("apikey", "token")


class App:
    """The whole sandbox except its sockets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self._requests: deque[dict[str, object]] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    def respond(self, request: Request) -> tuple[Response, Fault | None]:
        """The response, and the fault to apply to it."""
        prefix, _, rest = request.path.removeprefix("/").partition("/")
        if prefix == "_sandbox":
            return self._control(request, rest), None
        provider = PROVIDERS.get(prefix)
        if provider is None:
            known = ", ".join(f"/{name}" for name in PROVIDERS)
            return _json(404, {"error": f"nothing at {request.path}: providers are at {known}"}), None
        target = request.path + ("?" + "&".join(f"{k}={v}" for k, v in request.query.items()) if request.query else "")
        fault = self.faults.strike(target) or self._outage(prefix)
        # A request that never reaches the provider uses no allowance.
        lost = fault is not None and fault.kind not in ("slow", "truncate")
        if request.method not in ("GET", "HEAD"):
            found = _json(405, {"status": "ERROR", "error": "Method Not Allowed"})
        else:
            found = Response() if lost else self._ask(provider, request, "/" + rest)
        self._note(request, found, fault)
        return found, fault

    def instant_of(self, request: Request) -> datetime | None:
        """The time that a request carries in X-Sandbox-Now; None without it. Raises ValueError if it cannot be one."""
        text = request.header("x-sandbox-now")
        return _simulated(parse_instant(text)) if text else None

    def _outage(self, provider: str) -> Fault | None:
        own = self.world.clock.own
        down = own and is_down(self.world.market.sessions, provider, own)
        return Fault(f"/{provider}", "status", body="Service Temporarily Unavailable") if down else None

    def _ask(self, provider: Provider, request: Request, path: str) -> Response:
        try:
            return provider(self.world, request, path)
        except Exception:
            logger.exception("the sandbox itself failed at %s", request.path)
            return _json(500, {"error": f"the sandbox itself failed at {request.path}: see its log"})

    def requests(self) -> list[dict[str, object]]:
        """The requests to the providers so far, oldest first; keys removed."""
        with self._lock:
            return list(self._requests)

    def set_clock(self, instant: datetime | None) -> None:
        """Pin the clock (None: let it run). Raises ValueError outside the simulated years."""
        self.world.clock.set(_simulated(instant) if instant else None)

    def _note(self, request: Request, found: Response, fault: Fault | None) -> None:
        with self._lock:
            self._requests.append(
                {
                    "at": self.world.now().isoformat(),
                    "method": request.method,
                    "path": request.path,
                    "query": {k: v for k, v in request.query.items() if k.lower() not in SECRETS},
                    "headers": {name: request.headers[name] for name in NOTED_HEADERS if name in request.headers},
                    "status": fault.status if fault and fault.kind == "status" else found.status,
                    "bytes": len(found.body),
                    "fault": fault.kind if fault else None,
                }
            )

    def _control(self, request: Request, path: str) -> Response:
        try:
            return self._steer(request, path)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return _json(400, {"error": str(error)})

    def _steer(self, request: Request, path: str) -> Response:
        method, world = request.method, self.world
        if (method, path) == ("GET", "health"):
            market = world.market
            about = {"seed": market.seed, "securities": market.size, "now": world.now().isoformat()}
            about["first_session"] = market.sessions.dates[0].isoformat()
            return _json(200, {"status": "ok", **about})
        if path == "clock":
            if method == "POST":
                wanted = orjson.loads(request.body)["now"]
                self.set_clock(parse_instant(wanted) if wanted else None)
            return _json(200, {"now": world.now().isoformat()})
        if path == "faults":
            if method == "POST":
                orders = orjson.loads(request.body)
                for fault in [read_fault(order) for order in (orders if isinstance(orders, list) else [orders])]:
                    self.faults.add(fault)
            elif method == "DELETE":
                self.faults.clear()
            return _json(200, [asdict(fault) for fault in self.faults.pending()])
        if path == "requests":
            if method == "DELETE":
                with self._lock:
                    self._requests.clear()
            return _json(200, self.requests())
        if path == "quotas" and method == "DELETE":
            world.quotas.clear()
            return _json(200, {"status": "ok"})
        if path.startswith("truth/"):
            rows = truth.rows_about(world, request, path.removeprefix("truth/"))
            if rows is not None:
                return _json(200, rows)
        return _json(404, {"error": f"no control {method} /_sandbox/{path}"})


def _simulated(instant: datetime) -> datetime:
    if not START <= instant.date() < HORIZON:
        raise ValueError(f"the simulation runs from {START} to {HORIZON}, {instant:%Y-%m-%d} is outside")
    return instant


def _json(status: int, body: object) -> Response:
    return Response(status, orjson.dumps(body))
