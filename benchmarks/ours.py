"""One endpoint of one source, asked and loaded as any run does it, and nothing beside it."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime

from ingestion import config
from ingestion.extract.plan import Window
from ingestion.landing import Landing
from ingestion.pipeline import Run
from ingestion.sources import SOURCES
from ingestion.startup import spare_collections, spare_pandas

if __name__ == "__main__":
    name, endpoint, since, until = sys.argv[1:]
    spare_pandas()
    settings = config.load("live")
    whole = SOURCES[name]
    source = replace(whole, endpoints=tuple(known for known in whole.endpoints if known.name == endpoint))
    window = Window(datetime.now(UTC), date.fromisoformat(since), date.fromisoformat(until))
    spare_collections()
    report = Run(settings, source, Landing(settings.landing_url)).ingest(window)
    sys.exit("\n".join(report.failures) or 0)
