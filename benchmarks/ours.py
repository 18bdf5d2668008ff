"""Request and load one endpoint of one source, as every run does."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime

from ingestion import config
from ingestion.extract.window import Window
from ingestion.runner import Resources
from ingestion.sources import SOURCES
from ingestion.startup import avoid_pandas, tune_garbage_collection

if __name__ == "__main__":
    name, endpoint, since, until = sys.argv[1:]
    avoid_pandas()
    settings = config.load("live")
    whole = SOURCES[name]
    source = replace(whole, endpoints=tuple(known for known in whole.endpoints if known.name == endpoint))
    window = Window(datetime.now(UTC), date.fromisoformat(since), date.fromisoformat(until))
    tune_garbage_collection()
    report = Resources.of(settings).run(source).ingest(window)
    sys.exit("\n".join(report.failures) or 0)
