"""Write bulk files of the simulated market, to try `marketloom backfill`: `python -m sandbox.sample FOLDER`."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.archives import write_archives
from sandbox.clock import parse_instant
from sandbox.headlines import write_headlines
from sandbox.market import Market
from sandbox.sessions import xnys

COLLECTION_DELAY = timedelta(days=2)


def write_sample(folder: Path, now: datetime, sessions: int = 10) -> Path:
    """Write pystock archives of the last `sessions` sessions, and a CSV file of their headlines; returns `folder`.

    Does nothing if the folder already holds the files of the same day.
    """
    last = now.date() - COLLECTION_DELAY
    headlines = folder / "headlines" / f"headlines_{last.isoformat()}.csv"
    if headlines.exists():
        return folder
    known = xnys()
    first = known.dates[max(0, known.after(last) - sessions)]
    market = Market()
    write_archives(market, folder / "pystock", first, last)
    headlines.parent.mkdir(parents=True, exist_ok=True)
    part = headlines.with_suffix(".part")  # renamed last, so that the file is there only when all files are
    write_headlines(market, part, first, last)
    part.replace(headlines)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.sample", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sessions", type=int, default=10, help="how many archives, one for each session")
    parser.add_argument("--now", type=parse_instant, help="the market's present (default: the real time)")
    options = parser.parse_args()
    write_sample(options.folder, options.now or datetime.now(UTC), options.sessions)


if __name__ == "__main__":
    main()
