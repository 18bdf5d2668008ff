"""What a run did: requests, rows received, loaded and quarantined, seconds, failures."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from ingestion.load.outcome import Outcome


@dataclass
class SourceReport:
    """One run of one source. Per table, rows received = rows loaded + rows quarantined; a difference is a failure."""

    source: str
    requests: int = 0
    received: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    loaded: dict[str, int] = field(default_factory=dict)
    new_columns: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    skipped: str = ""
    recovered: bool = False
    earliest_session: date | None = None
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one response."""
        self.requests += outcome.landed.attempt_count if outcome.landed.status is not None else 1
        self.received.update(outcome.kept)
        self.received.update(outcome.rejected_counts)
        self.quarantined.update(outcome.rejected_counts)

    def check(self) -> None:
        """Compare rows received with rows loaded and quarantined; a difference is a failure that names the table."""
        for table in sorted({*self.received, *self.loaded}):
            received, loaded, rejected = self.received[table], self.loaded.get(table, 0), self.quarantined[table]
            if received != loaded + rejected:
                self.failures.append(
                    f"{self.source}.{table}: received {received:,} rows, but loaded {loaded:,} and quarantined "
                    f"{rejected:,}; run `marketloom replay {self.source}` to rebuild it from landing"
                )

    @property
    def is_failed(self) -> bool:
        """True if the exit status must report a failure."""
        return bool(self.failures)
