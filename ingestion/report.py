"""What a run did, in numbers: requests, rows received, loaded and quarantined, seconds, and what went wrong."""

from collections import Counter
from dataclasses import dataclass, field

from ingestion.load.ops import Outcome


@dataclass
class SourceReport:
    """One source's run. Rows received = rows loaded + rows quarantined, for each table, or `failures` says so."""

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
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one answer."""
        self.requests += outcome.landed.attempt_count if outcome.landed.status is not None else 1
        self.received.update(outcome.kept)
        self.received.update(outcome.refused)
        self.quarantined.update(outcome.refused)

    def check(self) -> None:
        """Hold the books against each other; a difference is a failure that names the table."""
        for table in sorted({*self.received, *self.loaded}):
            received, loaded, refused = self.received[table], self.loaded.get(table, 0), self.quarantined[table]
            if received != loaded + refused:
                self.failures.append(
                    f"{self.source}.{table}: received {received:,} rows, but loaded {loaded:,} and quarantined "
                    f"{refused:,}; run `marketloom replay {self.source}` to rebuild it from landing"
                )

    @property
    def is_failed(self) -> bool:
        """True if anything went wrong that the user should know by the exit status."""
        return bool(self.failures)
