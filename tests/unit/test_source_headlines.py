"""Headline files: quoted titles with newlines, times with offsets, and incomplete rows."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import MalformedResponse
from ingestion.model import Member, Parsed, Rejected
from ingestion.parsing import bulk
from ingestion.sources import headlines
from tests.shared import DATA, need
from tests.unit.responses import response_of, rows


def parse(text: str | bytes) -> Parsed:
    return headlines.parse_headlines(response_of("headlines", "headlines", text, file="x.csv"))


def test_the_real_file_reads_as_the_csv_module_reads_it() -> None:
    path = need(DATA / "headlines" / "benzinga_headlines.csv")
    (member,) = headlines.unpack(path.name, io.BytesIO(path.read_bytes()))
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


def test_rows_that_lack_something_are_rejected() -> None:
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
def test_other_files_are_rejected(text: str | bytes) -> None:
    with pytest.raises(MalformedResponse, match="expected"):
        parse(text)


def pieces(body: bytes, size: int) -> list[Member]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BYTES_PER_PIECE", size)
        found = list(headlines.unpack("all.csv", io.BytesIO(body)))
    assert not [piece for piece in found if isinstance(piece, Rejected)]
    return [piece for piece in found if isinstance(piece, Member)]


@given(st.lists(st.text('a,"\n', max_size=8), max_size=30), st.integers(1, 60))
def test_a_large_file_gives_the_same_rows_in_pieces(titles: list[str], size: int) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([["title", "date", "stock"], *([f"T{title}", "2020-06-05 10:30:00Z", "A"] for title in titles)])
    body = text.getvalue().encode()
    cut = pieces(body, size)
    kept = [row["title"] for piece in cut for row in parse(piece.body).tables["headlines"].to_pylist()]
    assert kept == [f"T{title}" for title in titles]
    assert [piece.params.get("piece", "0") for piece in cut] == [str(place) for place in range(len(cut))]
    assert cut[0].params == {"file": "all.csv"}


@given(st.text('a,"\r\n', max_size=200), st.integers(1, 40))
def test_nothing_is_lost_between_pieces_whatever_a_file_holds(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BYTES_PER_PIECE", size)
        found = list(bulk.cut_records(bulk.blocks_of(io.BytesIO(text.encode())), ",", lambda line: b"," in line))
    assert b"".join(piece for _, piece in found) == text.encode()
    assert [place for place, _ in found] == list(range(len(found)))


@given(st.lists(st.text('a,"', max_size=6), min_size=1, max_size=20), st.integers(1, 40))
def test_a_quote_inside_a_field_opens_none(fields: list[str], size: int) -> None:
    lines = [f"x{field}".replace(',"', ",x") for field in fields]
    body = "".join(f"{line}\n" for line in lines).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BYTES_PER_PIECE", size)
        found = list(bulk.cut_records(bulk.blocks_of(io.BytesIO(body)), ",", lambda line: False))
    # The longest line may take several reads; beyond that no piece is larger than necessary.
    assert max(len(piece) for _, piece in found) <= max(map(len, body.splitlines(keepends=True))) + 2 * size
