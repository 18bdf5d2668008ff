"""Call allowances, shared by all processes: a bucket per provider in a file, kept by pyrate-limiter.

Each call is recorded in the bucket before it is made, so that concurrent runs and retries together never exceed what
the provider allows.
"""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

from pyrate_limiter import Duration, RateItem, SQLiteBucket
from pyrate_limiter import Rate as BucketRate

from ingestion.errors import QuotaExhausted
from ingestion.model import Rate


class Allowances:
    """The allowance of a provider; or one for each host, where every host is a provider of its own."""

    def __init__(
        self, source: str, rates: tuple[Rate, ...], folder: Path, longest_wait: float, *, by_host: bool = False
    ) -> None:
        self.source, self.rates, self.folder, self.longest_wait = source, rates, folder, longest_wait
        self.by_host = by_host
        self._opened: dict[str, Allowance] = {}

    def take(self, url: str) -> None:
        """Wait until a call of `url` is allowed; raise QuotaExhausted if that takes longer than `longest_wait`."""
        host = re.sub(r"[^a-z0-9.-]", "_", (urlsplit(url).hostname or "").lower())[:100] if self.by_host else ""
        if host not in self._opened:
            name = f"{self.source}@{host}" if host else self.source
            self._opened[host] = Allowance(self.source, self.rates, self.folder, self.longest_wait, name=name)
        self._opened[host].take()

    def close(self) -> None:
        """Close the files."""
        for allowance in self._opened.values():
            allowance.close()


class Allowance:
    """The calls that one provider allows. `longest_wait` (seconds) bounds how long `take` blocks."""

    def __init__(
        self, source: str, rates: tuple[Rate, ...], folder: Path, longest_wait: float, *, name: str = ""
    ) -> None:
        self.source = source
        self.longest_wait = longest_wait
        self._bucket: SQLiteBucket | None = None
        if rates:
            folder.mkdir(parents=True, exist_ok=True)
            ordered = sorted(rates, key=lambda rate: rate.seconds)
            limits = [BucketRate(rate.calls, rate.seconds * Duration.SECOND) for rate in ordered]
            path = str(folder / f"{name or source}.sqlite")
            self._bucket = SQLiteBucket.init_from_file(limits, table="calls", db_path=path, use_file_lock=True)

    def take(self) -> None:
        """Wait until one call is allowed; raise QuotaExhausted if that takes longer than `longest_wait`."""
        bucket = self._bucket
        if bucket is None:
            return
        waited = 0.0
        while True:
            item = RateItem(self.source, bucket.now())
            lock = bucket.limiter_lock()
            if lock is None:
                raise RuntimeError("the bucket must have a lock, because processes share it")
            with lock:
                bucket.leak(bucket.now())
                if bucket.put(item):
                    return
                delay = max(0.01, _milliseconds(bucket.waiting(item)) / 1000)
            period = _period(bucket.failing_rate.interval / 1000) if bucket.failing_rate else "minute"
            if waited + delay > self.longest_wait:
                raise QuotaExhausted(
                    f"the allowance per {period} is used up, the next call is free in {delay:,.0f} s",
                    period=period,
                    retry_after=delay,
                    source=self.source,
                )
            time.sleep(delay)
            waited += delay

    def close(self) -> None:
        """Close the bucket's file."""
        if self._bucket is not None:
            self._bucket.close()


def _milliseconds(waiting: object) -> float:
    return float(waiting) if isinstance(waiting, int | float) else 0.0


def _period(seconds: float) -> str:
    return "second" if seconds < 60 else "minute" if seconds < 3600 else "day"
