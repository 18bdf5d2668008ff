"""A run does not import libraries that take longer than a small load."""

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

from ingestion.config import Settings
from ingestion.extract.window import Window
from ingestion.sources import SOURCES
from tests.runs import make_run

SPARED = {"pandas", "exchange_calendars", "feedparser"}


def test_a_backfill_imports_only_what_it_needs(settings: Settings, tmp_path: Path) -> None:
    make_run(settings, SOURCES["calendar"]).ingest(Window(datetime.now(UTC)))
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


def test_pandas_can_still_be_imported() -> None:
    script = """
        import sys
        from ingestion.startup import avoid_pandas
        avoid_pandas()
        import pyarrow as pa
        rows = pa.table({"a": [1, 2]})
        assert "pandas" not in sys.modules
        assert rows.to_pandas()["a"].sum() == 3
        assert pa.array(rows.to_pandas()["a"]).to_pylist() == [1, 2]
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
