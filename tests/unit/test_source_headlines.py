"""Headline files: quoted titles with newlines, times with offsets, and rows that lack something."""

import csv
import io
from datetime import UTC, datetime

import pytest

from ingestion.errors import MalformedResponse
from ingestion.model import Member, Parsed
from ingestion.sources import headlines
from tests.shared import DATA, need
from tests.unit.answers import answer, rows


def parse(text: str | bytes) -> Parsed:
    return headlines.parse_headlines(answer("headlines", "headlines", text, file="x.csv"))


def test_the_real_file_reads_as_the_csv_module_reads_it() -> None:
    path = need(DATA / "headlines" / "benzinga_headlines.csv")
    (member,) = headlines.unpack(str(path), io.BytesIO(path.read_bytes()))
    assert isinstance(member, Member)
    assert (member.endpoint, member.params, member.received_at) == ("headlines", {"file": path.name}, None)
    parsed = parse(member.body)
    with path.open(newline="") as file:
        theirs = list(csv.DictReader(file))
    kept = parsed.tables["headlines"].to_pylist()
    assert not parsed.rejected
    assert len(kept) == len(theirs) == 6600
    assert [row["title"] for row in kept] == [row["title"] for row in theirs]
    assert [row["stock"] for row in kept] == [row["stock"] for row in theirs]
    assert [row["date"] for row in kept] == [datetime.fromisoformat(row["date"]) for row in theirs]
    assert sum("\n" in row["title"] for row in kept) == 2


def test_rows_that_lack_something_are_refused() -> None:
    good = "2020-06-05 10:30:00-04:00"
    parsed = parse(
        f'title,date,stock\n"A, ""B""\nC",{good},A\n,{good},A\nB,,A\nC,{good},\nD,2020-06-05 10:30:00,A\n'
        f"E,{good}\nF,June 5,A\nG,{good},A"
    )
    assert {r.row_number: r.reason for r in parsed.rejected} == {
        1: "title: missing",
        2: "date: missing",
        3: "stock: missing",
        4: "date: '2020-06-05 10:30:00' has no time zone that can be known",
        5: "expected 3 fields, found 2",
        6: "date: 'June 5' is not a time that can be read",
    }
    assert rows(parsed, "headlines") == [
        {"title": 'A, "B"\nC', "date": datetime(2020, 6, 5, 14, 30, tzinfo=UTC), "stock": "A", "_row_number": 0},
        {"title": "G", "date": datetime(2020, 6, 5, 14, 30, tzinfo=UTC), "stock": "A", "_row_number": 7},
    ]


def test_the_full_sets_running_number_is_kept() -> None:
    (row,) = rows(parse("\ufeff,title,date,stock\n7,A,2020-06-05 10:30:00-04:00,A\n"), "headlines")
    assert row["column"] == "7"


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "\xff\xfe\x00", b"\xff\xfe\n", "title,date\n"])
def test_other_files_are_refused(text: str | bytes) -> None:
    with pytest.raises(MalformedResponse, match="expected"):
        parse(text)
