"""Quotes in CSV: a stray one costs its own line, and a quoted field may contain line breaks."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsing.quotes import examine
from ingestion.sources import headlines
from tests.unit.responses import response_of

IS_RECORD = headlines.LAYOUT.record_test(["title", "date", "stock"])
TIME = "2020-06-05 10:30:00Z"


@given(st.lists(st.text('ab,"\n\r', max_size=9), max_size=20))
def test_what_a_csv_writer_writes_has_no_broken_line(titles: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([f"T{title}", TIME, "A"] for title in titles)
    lines = examine(text.getvalue().encode(), ",", IS_RECORD)
    assert not lines.broken
    assert len(lines.starts) - 1 - len(lines.continued) == len(titles)


@given(st.lists(st.tuples(st.sampled_from(["", '"%s', '%s"', '"%s"', '%s"x']), st.integers(0, 2)), max_size=40))
def test_every_line_without_a_stray_quote_is_kept(strays: list[tuple[str, int]]) -> None:
    lines = []
    for number, (form, place) in enumerate(strays):
        fields = [f"Story {number}", TIME, f"A{number}"]
        if form:
            fields[place] = form % fields[place]
        lines.append(",".join(fields))
    body = "title,date,stock\n" + "".join(f"{line}\n" for line in lines)
    parsed = headlines.parse_headlines(response_of("headlines", "headlines", body, file="x.csv"))
    kept = {row["title"]: row["stock"] for row in parsed.tables["headlines"].to_pylist()}
    for number, (form, _) in enumerate(strays):
        if form in ("", '"%s"'):
            assert kept.get(f"Story {number}") == f"A{number}"
    assert parsed.rows_received == len(lines)


@pytest.mark.parametrize(
    ("text", "broken", "continued"),
    [
        ('"a\nb",1\nc,2\n', [], [1]),
        ('"a\n\nb, ""x""\n",1\n', [], [1, 2, 3]),
        ('"a",1\n"b"c,2\n', [1], []),
        ('a,"1\n', [0], []),
        ('a,"1\n"\n', [], [1]),
        ('a"b,1\n', [], []),
        ('"a","b\nc","d\ne"\n', [], [1, 2]),
    ],
)
def test_a_line_is_broken_whose_quotes_do_not_match(text: str, broken: list[int], continued: list[int]) -> None:
    lines = examine(text.encode(), ",", lambda line: False)
    assert (lines.broken, lines.continued) == (broken, continued)
