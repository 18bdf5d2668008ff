"""What a run does not import: libraries that take longer than a small load."""

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

from ingestion.config import Settings
from ingestion.extract.plan import Window
from ingestion.landing import Landing
from ingestion.pipeline import Run
from ingestion.sources import SOURCES

SPARED = {"pandas", "sqlalchemy", "exchange_calendars", "feedparser"}


def test_a_load_of_files_spares_what_it_does_not_need(settings: Settings, tmp_path: Path) -> None:
    Run(settings, SOURCES["calendar"], Landing(settings.landing_url)).ingest(Window(datetime.now(UTC)))
    path = tmp_path / "headlines.csv"
    path.write_text("title,date,stock\nOne,2020-01-01 10:00:00-05:00,AB\nNo date,,AAPL\n")
    script = f"""
        import sys
        from ingestion.cli import app
        app(["backfill", "headlines", {str(path)!r}], standalone_mode=False)
        sys.exit(" ".join({SPARED!r} & sys.modules.keys()) or 0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env=dict(os.environ), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_pandas_is_there_for_who_asks() -> None:
    script = """
        import sys
        from ingestion.startup import spare_pandas
        spare_pandas()
        import pyarrow as pa
        rows = pa.table({"a": [1, 2]})
        assert "pandas" not in sys.modules
        assert rows.to_pandas()["a"].sum() == 3
        assert pa.array(rows.to_pandas()["a"]).to_pylist() == [1, 2]
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
