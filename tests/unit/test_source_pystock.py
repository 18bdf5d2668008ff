"""pystock archives: parsed as by an independent reader, with a reason for everything that is broken."""

import csv
import io
import tarfile
from collections.abc import Iterable
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ingestion.errors import MalformedResponse
from ingestion.model import Member, Parsed, Rejected, Response
from ingestion.parsing import bulk
from ingestion.sources import pystock
from tests.shared import DATA, need
from tests.unit.responses import response_of

FOLDER = DATA / "pystock"
PRICES = b"symbol,date,open,high,low,close,volume,adj_close\r\nA,2015-10-01,1.5,2,1,1.75,300,1.75\r\n"
SYMBOLS = b"A\tAgilent\nB\tBarnes\n"


def archive(*members: tuple[str, bytes], mtime: float = 1443787269) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(body), mtime
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


WHOLE = archive(("symbols.txt", SYMBOLS), ("prices.csv", PRICES), ("reports.csv", b""))


def unpacked(body: bytes, name: str = "20151001.tar.gz") -> tuple[list[Member], list[Rejected]]:
    pieces = list(pystock.unpack(name, io.BytesIO(body)))
    return [p for p in pieces if isinstance(p, Member)], [p for p in pieces if isinstance(p, Rejected)]


def parse(member: Member) -> Parsed:
    response = Response("r", "pystock", member.endpoint, member.params, datetime.now(UTC), member.body)
    return pystock.SOURCE.parser(member.endpoint)(response)


def prices(text: bytes) -> Parsed:
    return pystock.parse_prices(response_of("pystock", "prices", text, archive="20151001"))


@pytest.mark.parametrize("name", ["20150406", "20151002", "20151117"])
def test_real_archives_read_as_csv_and_pandas_read_them(name: str) -> None:
    path = need(FOLDER / f"{name}.tar.gz")
    members, rejected = unpacked(path.read_bytes(), str(path))
    assert not rejected
    parsed = {member.endpoint: parse(member) for member in members}
    with tarfile.open(path) as tar:
        files = {info.name: tar.extractfile(info).read().decode() for info in tar}  # type: ignore[union-attr]  # all are files
        times = {info.name: info.mtime for info in tar}
    assert {m.endpoint: m.received_at and m.received_at.timestamp() for m in members} == {
        pystock.ENDPOINTS[name]: mtime for name, mtime in times.items()
    }

    header, *lines = list(csv.reader(io.StringIO(files["prices.csv"])))
    repeated = [number for number, line in enumerate(lines) if line == header]
    assert [(r.row_number, r.reason) for r in parsed["prices"].rejected] == [
        (n, "repeated header line") for n in repeated
    ]
    theirs = pd.DataFrame([line for line in lines if line != header], columns=header)
    mine = parsed["prices"].tables["prices"].to_pandas()
    assert mine["symbol"].tolist() == theirs["symbol"].tolist()
    assert mine["date"].astype(str).tolist() == theirs["date"].tolist()
    for column in header[2:]:
        assert mine[column].tolist() == theirs[column].astype(float).tolist()
    assert set(mine["archive"]) == {name}
    assert mine["_row_number"].tolist() == [n for n in range(len(lines)) if n not in repeated]

    pairs = [tuple(line.split("\t")) for line in files["symbols.txt"].splitlines()]
    symbols = parsed["symbols"].tables["symbols"].to_pylist()
    assert [(row["symbol"], row["name"]) for row in symbols] == pairs

    facts = [line for line in csv.reader(io.StringIO(files["reports.csv"])) if line[0] != "symbol"]
    reports = parsed["reports"].tables["reports"].to_pylist()
    assert [row["symbol"] for row in reports] == [line[0] for line in facts]
    assert [row["amend"] for row in reports] == [line[2] == "True" for line in facts]
    assert [row["cash_flow_fin"] for row in reports] == [float(line[19]) if line[19] else None for line in facts]


def test_the_archive_with_a_repeated_header_and_one_half_empty() -> None:
    members, _ = unpacked(need(FOLDER / "20150406.tar.gz").read_bytes(), "20150406.tar.gz")
    assert {m.endpoint: parse(m).rows_received for m in members} == {"symbols": 12224, "prices": 36261, "reports": 62}
    members, _ = unpacked(need(FOLDER / "20151001.tar.gz").read_bytes())
    assert {m.endpoint: parse(m).rows_received for m in members}["reports"] == 0


def test_all_real_archives_are_read() -> None:
    paths = sorted(need(FOLDER).glob("*.tar.gz"))
    bodies = {path.name: path.read_bytes() for path in paths}
    received = kept = 0
    for name, body in bodies.items():
        members, rejected = unpacked(body, name)
        assert not rejected
        for member in members:
            parsed = parse(member)
            received += parsed.rows_received
            kept += sum(table.num_rows for table in parsed.tables.values())
    assert (received, kept) == (1_228_985, 1_228_984)


def test_members_carry_their_own_time_and_the_archives_name() -> None:
    members, rejected = unpacked(WHOLE, "/some/where/20151001.tar.gz")
    assert not rejected
    assert [m.endpoint for m in members] == ["symbols", "prices", "reports"]
    assert {m.received_at for m in members} == {datetime(2015, 10, 2, 12, 1, 9, tzinfo=UTC)}
    assert all(m.params == {"archive": "20151001"} for m in members)


@pytest.mark.parametrize("mtime", [0, 1443000000, 4102444800])
def test_a_time_that_cannot_be_right_is_not_believed(mtime: int) -> None:
    members, _ = unpacked(archive(("prices.csv", PRICES), mtime=mtime))
    assert members[0].received_at is None


@pytest.mark.parametrize("name", ["prices.tar.gz", "20151332.tar.gz", "2015-10-01.tar.gz", "٢٠١٥١٠٠١.tar.gz"])
def test_an_archive_whose_name_is_no_date_is_rejected_with_the_remedy(name: str) -> None:
    members, rejected = unpacked(WHOLE, name)
    assert not members
    assert "YYYYMMDD.tar.gz" in rejected[0].reason


def test_unknown_and_missing_members_are_rejected_by_name() -> None:
    members, rejected = unpacked(archive(("./20151001/prices.csv", PRICES), ("._prices.csv", b"x")))
    assert [m.endpoint for m in members] == ["prices"]
    assert {r.reason for r in rejected} == {
        "unknown member '._prices.csv'",
        "symbols.txt is missing",
        "reports.csv is missing",
    }
    assert {r.entity for r in rejected} == {"archive"}


def test_a_cut_archive_gives_whole_lines_before_the_cut() -> None:
    body = need(FOLDER / "20151001.tar.gz").read_bytes()
    members, rejected = unpacked(body[: len(body) // 2])
    assert [m.endpoint for m in members] == ["symbols", "prices"]
    reasons = sorted(r.reason for r in rejected)
    assert "prices.csv is cut short" in reasons[0]
    assert reasons[1] == "reports.csv is missing; the archive is cut short, fetch it again"
    parsed = parse(members[1])
    assert parsed.rejected[0].reason.startswith(("expected 8 fields", "the last line has no newline"))
    whole, _ = unpacked(body)
    count = parsed.tables["prices"].num_rows
    assert 1000 < count < 12190
    assert parsed.tables["prices"].equals(parse(whole[1]).tables["prices"].slice(0, count))


def test_a_damaged_archive_gives_nothing() -> None:
    body = bytearray(need(FOLDER / "20151001.tar.gz").read_bytes())
    body[len(body) // 2] ^= 0x55
    members, rejected = unpacked(bytes(body))
    assert not members
    assert "fetch it again" in rejected[0].reason


def test_an_archive_that_unpacks_to_too_much_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pystock, "LARGEST_ARCHIVE", 1000)
    members, rejected = unpacked(WHOLE)
    assert not members
    assert "more than 1000 bytes" in rejected[0].reason


def test_bad_lines_are_rejected_one_by_one() -> None:
    header = PRICES.splitlines()[0]
    lines = [
        b"A,2015-10-01,1,2,1,1,300,1",
        b"B,2015-10-01,1,2,1,1,300",
        b"C,2015-10-01,1,2,1,1,300,1,9",
        header,
        b"D,2015-13-01,1,2,1,1,300,1",
        b"E,2015-10-01,inf,2,1,1,300,x",
        b",2015-10-01,1,2,1,1,300,1",
        b"\xff,2015-10-01,1,2,1,1,300,1",
        b'"F,2015-10-01,1,2,1,1,300,1',
        b"G,2015-10-01,,,,,,",
        b"H,2015-10-01,1,2,1,1,300,1",
    ]
    parsed = prices(b"\r\n".join([header, *lines]))
    assert {r.row_number: r.reason for r in parsed.rejected} == {
        1: "expected 8 fields, found 7",
        2: "expected 8 fields, found 9",
        3: "repeated header line",
        4: "date: '2015-13-01' is not a date (YYYY-MM-DD)",
        5: "open: 'inf' is not a number; adj_close: 'x' is not a number",
        6: "symbol: missing",
        7: "symbol: '\\udcff' is not valid Unicode text",
        8: "a quote opens a field that is not closed properly",
        10: "the last line has no newline: the file was cut inside it",
    }
    kept = parsed.tables["prices"].to_pylist()
    assert [(row["symbol"], row["_row_number"]) for row in kept] == [("A", 0), ("G", 9)]
    assert kept[1]["close"] is None
    assert parsed.rows_received == len(lines)


def pieces(name: str, body: bytes) -> list[Parsed]:
    return [parse(piece) for piece in pystock.unpack(name, io.BytesIO(body)) if isinstance(piece, Member)]


def as_parquet(rows: pa.Table) -> bytes:
    out = io.BytesIO()
    parquet.write_table(rows, out)
    return out.getvalue()


def test_a_plain_csv_file_is_cut_into_pieces_of_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    header = PRICES.splitlines(keepends=True)[0]
    lines = [b"T%d,2015-10-01,1.5,2,1,1.75,300,1.75\r\n" % number for number in range(500)]
    body = b"".join([header, *lines[:200], header, *lines[200:], b"CUT,2015-10-01,1.5,2,1,1."])
    monkeypatch.setattr(bulk, "BYTES_PER_PIECE", 4000)
    parsed = pieces("all.csv", body)
    assert len(parsed) == 6
    kept = [row for piece in parsed for row in piece.tables["prices"].to_pylist()]
    assert [row["symbol"] for row in kept] == [f"T{number}" for number in range(500)]
    assert {row["archive"] for row in kept} == {"all"}
    reasons = [rejected.reason for piece in parsed for rejected in piece.rejected]
    assert reasons == ["repeated header line", "expected 8 fields, found 6"]


def test_a_parquet_file_gives_the_same_rows_as_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b"".join(b"T%d,2015-10-0%d,1.5,2,,1.75,300,1.75\r\n" % (number, number % 9 + 1) for number in range(50))
    (from_csv,) = pieces("all.csv", PRICES.splitlines(keepends=True)[0] + lines)
    rows = from_csv.tables["prices"].drop_columns(["archive", "_row_number"])
    monkeypatch.setattr(bulk, "ROWS_PER_PIECE", 20)
    tables = [piece.tables["prices"] for piece in pieces("all.parquet", as_parquet(rows))]
    assert [table.num_rows for table in tables] == [20, 20, 10]
    whole = from_csv.tables["prices"].drop_columns("_row_number")
    assert pa.concat_tables(tables).drop_columns("_row_number").equals(whole)
    assert not list(pystock.unpack("all.parquet", io.BytesIO(as_parquet(rows.slice(0, 0)))))[1:]


class Followed(io.BytesIO):
    """A file that records how much of it has been read."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.read_bytes += len(found)
        return found


def test_a_parquet_file_is_read_lazily() -> None:
    rows = pa.table({"close": [float(number) for number in range(400_000)]})
    out = io.BytesIO()
    parquet.write_table(rows, out, row_group_size=10_000)
    file = Followed(out.getvalue())
    cut = bulk.cut_parquet(file, lambda names: names)
    next(cut)
    assert file.read_bytes < len(out.getvalue()) / 2
    assert sum(bulk.read_parquet(piece).num_rows for _, piece in cut) == rows.num_rows - bulk.ROWS_PER_PIECE


def test_unreadable_parquet_rows_are_rejected_and_other_types_accepted() -> None:
    day = date(2015, 10, 1)
    good: dict[str, object] = {"symbol": "A", "date": day, "volume": 300, "lot": 100, "note": [1]} | dict.fromkeys(
        ("open", "high", "low", "close", "adj_close"), 1.5
    )
    wrong: list[dict[str, object]] = [
        {"symbol": None},
        {"symbol": "a\0b"},
        {"date": date(2500, 1, 1)},
        {"close": float("inf")},
    ]
    (parsed,) = pieces("all.parquet", as_parquet(pa.Table.from_pylist([good, *(good | change for change in wrong)])))
    assert {rejected.row_number: rejected.reason for rejected in parsed.rejected} == {
        1: "symbol: missing",
        2: "symbol: 'a\\x00b' holds a NUL character, which no text column can store",
        3: "date: '2500-01-01' is not a date between 1900 and 2200",
        4: "close: 'inf' is not a number",
    }
    (row,) = parsed.tables["prices"].to_pylist()
    assert (row["date"], row["volume"], row["lot"], row["note"], row["archive"]) == (day, 300.0, 100.0, "[1]", "all")
    lacking = as_parquet(pa.Table.from_pylist([good]).drop_columns("close"))
    (refused,) = pystock.unpack("all.parquet", io.BytesIO(lacking))
    assert isinstance(refused, Rejected) and "expected the columns close too" in refused.reason
    (refused,) = pystock.unpack("all.parquet", io.BytesIO(b"PAR1 and nothing else PAR1"))
    assert isinstance(refused, Rejected) and "fetch it again" in refused.reason


def test_text_of_a_parquet_file_that_is_not_utf8_costs_its_own_row() -> None:
    names = ["symbol", "date", "open", "high", "low", "close", "volume", "adj_close"]
    symbols = pa.array([b"AAA", b"\xae\xff", b"CCC"], pa.binary()).view(pa.string())
    rows = pa.table([symbols, [date(2015, 10, 1)] * 3, *[[1.0] * 3] * 6], names)
    (parsed,) = pieces("all.parquet", as_parquet(rows))
    assert parsed.tables["prices"]["symbol"].to_pylist() == ["AAA", "CCC"]
    (rejected,) = parsed.rejected
    assert rejected.reason == "symbol: '\\udcae\\udcff' is not valid Unicode text"


def test_files_without_their_header_are_read_by_their_known_columns() -> None:
    assert prices(PRICES.splitlines(keepends=True)[1]).tables["prices"]["close"].to_pylist() == [1.75]


def test_new_columns_are_kept_and_missing_ones_rejected() -> None:
    more = prices(PRICES.replace(b"adj_close\r", b"adj_close,Lot Size\r").replace(b"1.75\r", b"1.75,100\r"))
    assert more.tables["prices"]["lot_size"].to_pylist() == ["100"]
    with pytest.raises(MalformedResponse, match="pystock prices 20151001: expected the columns volume too"):
        prices(PRICES.replace(b"volume", b"turnover"))
    with pytest.raises(MalformedResponse, match="twice"):
        prices(PRICES.replace(b"volume", b"close"))


@pytest.mark.parametrize("endpoint", ["prices", "symbols"])
def test_unexpectedly_empty_files_are_rejected(endpoint: str) -> None:
    with pytest.raises(MalformedResponse, match=r"is empty: fetch the archive again"):
        pystock.SOURCE.parser(endpoint)(response_of("pystock", endpoint, b"", archive="20151001"))


def test_report_facts_have_their_types() -> None:
    head = ",".join(pystock.REPORTS.schema.names[:-1])
    line = "CUO,2015-01-03,True,FY,2014,10-K,131876000.0,,-5459000.0" + ",1.5" * 11
    parsed = pystock.parse_reports(response_of("pystock", "reports", f"{head}\n{line}\n", archive="20150406"))
    (row,) = parsed.tables["reports"].to_pylist()
    assert (row["end_date"], row["amend"], row["fiscal_year"]) == (date(2015, 1, 3), True, 2014)
    assert (row["revenues"], row["op_income"]) == (131876000.0, None)


def cuts(body: bytes) -> Iterable[bytes]:
    return (body[:length] for length in range(0, len(body), max(1, len(body) // 60)))


def test_archives_cut_anywhere_are_never_a_surprise() -> None:
    for body in cuts(WHOLE):
        members, rejected = unpacked(body)
        assert rejected or len(members) == 3
        for member in members:
            try:
                parsed = parse(member)
            except MalformedResponse:
                continue
            for table in parsed.tables.values():
                table.validate(full=True)


@settings(max_examples=100)
@given(st.binary(max_size=600), st.integers(0, 2000))
def test_any_tar_content_is_members_or_refusals(noise: bytes, place: int) -> None:
    import gzip

    content = bytearray(gzip.decompress(WHOLE))
    content[place : place + len(noise)] = noise
    for body in (noise, gzip.compress(bytes(content)), gzip.compress(noise)):
        for piece in pystock.unpack("20151001.tar.gz", io.BytesIO(body)):
            assert isinstance(piece, Member | Rejected)
