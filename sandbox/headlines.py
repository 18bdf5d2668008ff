"""A sample of headlines as a file: `title,date,stock`, by stock, the newest first, times with New York's offset."""

import csv
import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sandbox.market import Market
from sandbox.news import News
from sandbox.sessions import NEW_YORK

REPEATED_SHARE = 0.03


def write_headlines(market: Market, path: Path, first: date, last: date, limit: int = 6000) -> int:
    """Write the headlines published from `first` to `last` (UTC dates) to `path`; returns the number of rows.

    A story has a row for every stock it names, so titles repeat; a few rows are repeated, and two rows lack a field,
    as in such files.
    """
    rng = random.Random(f"headlines {market.seed}")
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last + timedelta(days=1), time(), UTC) - timedelta(seconds=1)
    articles = News(market).between(start, end, end + timedelta(days=7))
    rows: list[tuple[str, str, str]] = []
    seen: set[str] = set()
    for article in articles:
        if article.story_id in seen or article.outlet.habit == "german":
            continue
        seen.add(article.story_id)
        when = str(article.published_at.astimezone(NEW_YORK).replace(tzinfo=None, second=0))
        offset = article.published_at.astimezone(NEW_YORK).strftime("%z")
        for ticker, *_ in article.mentions:
            times = 2 if rng.random() < REPEATED_SHARE else 1
            rows += [(article.title, f"{when}{offset[:3]}:{offset[3:]}", ticker)] * times
    rows = sorted(rows[:limit], key=lambda row: row[1], reverse=True)
    rows.sort(key=lambda row: row[2])
    if len(rows) > 20:
        rows[7] = ("", *rows[7][1:])
        rows[13] = (rows[13][0], "", rows[13][2])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("title", "date", "stock"))
        writer.writerows(rows)
    return len(rows)
