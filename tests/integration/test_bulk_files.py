"""Bulk files as they are met: other column names, quotes, encodings, compressions, data sets and damage."""

import bz2
import gzip
import lzma
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from rich.console import Console

from ingestion import runner
from ingestion.config import Settings
from ingestion.parsing.rejection import row_text
from ingestion.report import SourceReport
from ingestion.sources import SOURCES
from ingestion.warehouse.server import Warehouse
from tests.conftest import prepared
from tests.integration.providers import conserved, make_run
from tests.shared import CASES, need
from tests.warehouse import rows, value

HEADER = "symbol,date,open,high,low,close,volume,adj_close"
LINE = "AAA,2024-01-02,1,3,0.5,2.25,100,2"
BARS = f"{HEADER}\n{LINE}\n"
NEWS = "title,date,stock\nCafé résumé — 🚀,2024-01-02 10:00:00-05:00,AAA\n"
PRICES = "raw_pystock.prices"
BAR = ("AAA", "2024-01-02", 1.0, 3.0, 0.5, 2.25, 100.0, 2.0)


@pytest.fixture(scope="module")
def warehouse(server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for all files of this module."""
    with prepared(server, tmp_path_factory.mktemp("bulk")) as settings:
        yield settings


@pytest.fixture
def load(warehouse: Settings) -> Callable[..., SourceReport]:
    def run(source: str, *paths: Path) -> SourceReport:
        report = make_run(warehouse, SOURCES[source]).backfill(paths)
        assert conserved(report)
        return report

    return run


def bars(settings: Settings, file: str) -> list[tuple[object, ...]]:
    """The stored bars of a file."""
    return rows(
        settings,
        "select symbol, date::text, open, high, low, close, volume, adj_close from raw_pystock.prices as bars "
        "join raw_ops.requests as files on files.response_id = bars._response_id "
        f"where params::jsonb ->> 'file' = '{file}' order by bars._row_number",
    )


def quarantined(settings: Settings, file: str) -> list[tuple[object, ...]]:
    return rows(
        settings,
        "select bad.row, bad.reason from raw_ops.quarantine as bad "
        f"join raw_ops.requests as files on files.response_id = bad._response_id where files.url = '{file}' order by 1",
    )


HEADERS = {
    "yahoo": "Date,Open,High,Low,Close,Adj Close,Volume,Symbol",
    "upper": "SYMBOL,DATE,OPEN,HIGH,LOW,CLOSE,VOLUME,ADJ_CLOSE",
    "blanks": " ticker , trade date , open price , high , low , close price , Vol , Adj. Close ",
    "camel": "tradingDate,ticker,openPrice,highPrice,lowPrice,closePrice,adjClose,volume",
    "numbered": "timestamp,symbol,1. open,2. high,3. low,4. close,5. adjusted close,6. volume",
    "quoted": '"adj_close","volume","close","low","high","open","date","symbol"',
    "more": ",symbol,date,open,high,low,close,volume,adj_close,lot size",
}
VALUES = {"adj": "2", "vol": "100", "timestamp": "2024-01-02", "date": "2024-01-02", "ticker": "AAA", "symbol": "AAA"}
VALUES |= {"open": "1", "high": "3", "low": "0.5", "close": "2.25"}


def cell(name: str) -> str:
    """The value of the bar in a column of one of the headers."""
    return next((found for key, found in VALUES.items() if key in name.lower()), "7")


@pytest.mark.parametrize("name", HEADERS)
def test_columns_are_found_by_name_in_any_order_and_spelling(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"{name}.csv"
    path.write_text(f"{HEADERS[name]}\n{','.join(map(cell, HEADERS[name].split(',')))}\n")
    assert load("pystock", path).failures == []
    assert bars(warehouse, path.name) == [BAR]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("no_header.csv", f"{LINE}\n", "expected the columns symbol, date, open, high, low, close, volume, adj_close"),
        ("low_first.csv", "LOW,2024-01-02,1,2,1,1,1,1\n", "expected the columns symbol, date, open"),
        ("unadjusted.csv", "symbol,date,open,high,low,close,volume\nA,2024-01-02,1,1,1,1,1\n", "adj_close too; found"),
        ("semicolons.csv", BARS.replace(",", ";"), "found 'symbol;date;"),
        ("twice.csv", BARS.replace("open", "close"), "some of them twice"),
        ("ambiguous.csv", BARS.replace("open", "CLOSE").replace("close", "Close"), "some of them twice"),
        ("empty.csv", "", "the file is empty"),
        ("blank.csv", "\n\r\n\n", "the file is empty"),
        ("nul.csv", "\0" * 500, "expected"),
    ],
)
def test_a_file_that_is_refused_as_a_whole_fails_by_name_each_time(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path, name: str, text: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    for _ in range(2):
        report = load("pystock", path)
        (failure,) = report.failures
        assert failure.startswith(f"{path}: ") and reason in failure
        assert report.loaded.get("prices", 0) == 0
    ((_, why),) = quarantined(warehouse, name)
    assert str(why).startswith(f"{name}: ") and reason in str(why)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a.csv.gz": gzip.compress,
    "b.csv.bz2": bz2.compress,
    "c.csv.xz": lzma.compress,
    "d.csv.zst": lambda body: pa.compress(body, "zstd", asbytes=True),
    "e.csv.gz": lambda body: gzip.compress(body[:50]) + gzip.compress(body[50:]),
    "F.CSV": lambda body: body,
    "g.CSV.GZ": gzip.compress,
    "utf16.csv": lambda body: body.decode().encode("utf-16"),
    "utf16be.csv": lambda body: b"\xfe\xff" + body.decode().encode("utf-16-be"),
    "utf32.csv": lambda body: body.decode().encode("utf-32"),
    "packed16.csv.gz": lambda body: gzip.compress(body.decode().encode("utf-16")),
    "bom.csv": lambda body: b"\xef\xbb\xbf" + body,
    "cr.csv": lambda body: body.replace(b"\n", b"\r"),
    "excel.csv": lambda body: b"\xef\xbb\xbfsep=,\r\n" + body.replace(b"\n", b"\r\n"),
    "crlf.csv": lambda body: body.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("name", PACKED)
def test_compressed_and_encoded_files_are_read(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path, name: str
) -> None:
    ticker = name.partition(".")[0].upper()
    (tmp_path / name).write_bytes(PACKED[name](BARS.replace("AAA", ticker).encode()))
    assert load("pystock", tmp_path).failures == []
    plain = name if name in ("F.CSV",) else name.removesuffix(Path(name).suffix) if ".csv." in name.lower() else name
    assert bars(warehouse, plain) == [(ticker, *BAR[1:])]


def test_text_survives_every_encoding(warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path) -> None:
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-32")):
        (tmp_path / f"news{number}.csv").write_bytes(NEWS.replace("AAA", f"E{number}").encode(encoding))
    assert load("headlines", tmp_path).failures == []
    assert rows(warehouse, "select distinct title from raw_headlines.headlines where stock ~ '^E[0-3]'") == [
        ("Café résumé — 🚀",)
    ]
    assert value(warehouse, "select count(*) from raw_headlines.headlines where stock ~ '^E[0-3]'") == 4


def test_a_zip_archive_gives_each_member_that_is_data(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("deep/one.csv", BARS.replace("AAA", "ZIP1"))
        archive.writestr("two.CSV", BARS.replace("AAA", "ZIP2"))
        archive.writestr("__MACOSX/._one.csv", "junk")
        archive.writestr("readme.txt", "junk")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "junk")
    (failure,) = load("pystock", tmp_path).failures
    assert failure.startswith(f"{tmp_path}/none.zip: holds no ")
    assert value(warehouse, "select count(*) from raw_pystock.prices where symbol in ('ZIP1', 'ZIP2')") == 2


@pytest.mark.parametrize("name", ["cut.csv.gz", "cut.csv.zst", "cut.csv.xz", "cut.csv.bz2", "cut.zip", "odd16.csv"])
def test_a_damaged_file_fails_by_name_and_the_others_are_loaded(
    load: Callable[..., SourceReport], tmp_path: Path, name: str
) -> None:
    body = (BARS + "".join(LINE.replace("AAA", f"T{number}") + "\n" for number in range(9999))).encode()
    pack = {**PACKED, "cut.csv.gz": gzip.compress}.get(f"{name[-3]}")
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress,
        "zst": PACKED["d.csv.zst"],
        "xz": lzma.compress,
        "bz2": bz2.compress,
    }
    pack = packers.get(name.rpartition(".")[2], lambda body: body)
    content = pack(body)[:-3]
    if name == "cut.zip":
        content = b"PK\x03\x04" + b"damaged"
    if name == "odd16.csv":
        content = body.decode().encode("utf-16")[:-1]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "z_good.csv").write_text(BARS.replace("AAA", f"GOOD {name}"))
    report = load("pystock", tmp_path)
    (failure,) = report.failures
    assert failure.startswith(f"{tmp_path / name}: ")
    assert report.loaded["prices"] >= 1


def test_data_sets_of_spark_and_hive_are_read_with_their_partitions(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path
) -> None:
    names = HEADER.split(",")
    whole = pa.table(
        {name: pa.array([v]) for name, v in zip(names, ("SPK", "2024-01-02", 1, 3, 0.5, 2.25, 100, 2), strict=True)}
    )
    spark = tmp_path / "bars.parquet"
    spark.mkdir()
    parquet.write_table(whole, spark / "part-00000-c000.snappy.parquet")
    (spark / "_SUCCESS").touch()
    (spark / ".part-00000-c000.snappy.parquet.crc").write_bytes(b"crc")
    (spark / "_temporary").mkdir()
    parquet.write_table(whole, spark / "_temporary" / "part-9.parquet")
    dask = tmp_path / "part.csv"
    dask.mkdir()
    (dask / "0.part").write_text("junk")
    (dask / "part-00000.csv").write_text(BARS.replace("AAA", "DSK"))
    for symbol in ("HIV", "BRK%2FA"):
        hive = tmp_path / "hive" / "date=2024-01-02" / f"symbol={symbol}"
        hive.mkdir(parents=True)
        parquet.write_table(whole.drop_columns(["symbol", "date"]), hive / "part-0.parquet")
    delta = tmp_path / "delta"
    (delta / "_delta_log").mkdir(parents=True)
    parquet.write_table(whole, delta / "part-0.parquet")
    report = load("pystock", tmp_path)
    assert report.failures == [
        f"{delta} is a Delta table, whose folder also holds deleted rows: export it as Parquet or CSV"
    ]
    tickers = "('SPK', 'DSK', 'HIV', 'BRK/A')"
    found = (
        f"select symbol, archive, count(*), sum(close) from raw_pystock.prices where symbol in {tickers} group by 1, 2"
    )
    assert sorted(rows(warehouse, found)) == [
        ("BRK/A", "hive", 1, 2.25),
        ("DSK", "part", 1, 2.25),
        ("HIV", "hive", 1, 2.25),
        ("SPK", "bars", 1, 2.25),
    ]


def test_what_is_no_file_is_named_and_the_others_are_loaded(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path
) -> None:
    (tmp_path / "a_dangling.csv").symlink_to(tmp_path / "gone.csv")
    os.mkfifo(tmp_path / "b_pipe.csv")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "z.csv").write_text(BARS.replace("AAA", "LINKED"))
    assert load("pystock", tmp_path).failures == [
        f"{tmp_path}/a_dangling.csv is a link to {tmp_path}/gone.csv, which does not exist: remove the link",
        f"{tmp_path}/b_pipe.csv is not a regular file: remove it, or name the files to load",
    ]
    assert value(warehouse, "select count(*) from raw_pystock.prices where symbol = 'LINKED'") == 1


def test_a_decimal_is_the_same_number_from_every_format(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path
) -> None:
    texts = ["1.2345", "0.1", "1234567.8901", "3.3333", "99999999.9999", "0.0001"]
    (tmp_path / "dec.csv").write_text(
        HEADER + "\n" + "".join(f"DC{place},2024-01-02,1,2,1,{text},100,{text}\n" for place, text in enumerate(texts))
    )
    for name, kind in (("d128", pa.decimal128(18, 4)), ("d256", pa.decimal256(40, 4))):
        numbers = pa.array([Decimal(text) for text in texts], kind)
        one = pa.array([1] * len(texts))
        symbols = [f"DC{place}" for place in range(len(texts))]
        days = ["2024-01-02"] * len(texts)
        table = pa.table([symbols, days, one, one, one, numbers, one, numbers.dictionary_encode()], HEADER.split(","))
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    assert load("pystock", tmp_path).failures == []
    found = rows(
        warehouse,
        f"select symbol, count(*), min(close), max(close), max(adj_close) from {PRICES} "
        "where symbol ~ '^DC' group by 1 order by 1",
    )
    assert found == [(f"DC{place}", 3, *[float(text)] * 3) for place, text in enumerate(texts)]


def test_a_stray_quote_costs_its_own_line(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path
) -> None:
    lines = [f"Story {number},2024-01-02 10:00:{number % 60:02}Z,Q{number}" for number in range(120)]
    lines[10] = lines[10].replace(",Q", ',"Q')
    lines[40] = lines[40].replace(",Q", ',"Q')
    lines[60] = '"' + lines[60]
    lines[61] = lines[61].replace("Story 61", '"Two\nlines, "" and a quote"')
    lines[119] = lines[119].replace(",Q", ',"Q')
    path = tmp_path / "stray.csv"
    path.write_text("title,date,stock\n" + "\n".join(lines))
    report = load("headlines", path)
    assert (report.received["headlines"], report.quarantined["headlines"]) == (120, 4)
    refused = {str(row) for row, _ in quarantined(warehouse, path.name)}
    assert refused == {row_text(lines[number]) for number in (10, 40, 60, 119)}
    assert value(warehouse, "select max(length(stock)) from raw_headlines.headlines where title ~ '^Story'") <= 4
    assert value(warehouse, "select title from raw_headlines.headlines where stock = 'Q61'").startswith("Two\nlines")


def test_hundreds_of_columns_become_one_and_later_files_load(
    warehouse: Settings, load: Callable[..., SourceReport], tmp_path: Path
) -> None:
    header, line = NEWS.splitlines()
    extra = [f"emb_{number}" for number in range(1700)]
    (tmp_path / "a.csv").write_text(f"{header},{','.join(extra)}\n{line.replace('AAA', 'WIDE')}{',0.5' * len(extra)}\n")
    (tmp_path / "b.csv").write_text(NEWS.replace("AAA", "AFTER"))
    for name in ("a.csv", "b.csv"):
        assert load("headlines", tmp_path / name).failures == []
    found = (
        "select stock, unknown_keys::jsonb ->> 'emb_1699' from raw_headlines.headlines where stock in ('WIDE', 'AFTER')"
    )
    assert sorted(rows(warehouse, found)) == [("AFTER", None), ("WIDE", "0.5")]


def test_the_small_inputs_of_public_reports_load_as_they_should(
    warehouse: Settings, load: Callable[..., SourceReport]
) -> None:
    need(CASES)
    for source, folder, received, refused in (
        ("pystock", "yahoo", 24, 0),
        ("pystock", "order", 3, 0),
        ("pystock", "quoted", 24, 0),
        ("pystock", "spark", 7, 0),
        ("pystock", "packed", 2, 0),
        ("headlines", "quotes", 400, 2),
        ("headlines", "wide", 4, 0),
        ("headlines", "jsonstock", 4, 0),
    ):
        report = load(source, CASES / folder)
        assert report.failures == []
        assert (report.received.total(), report.quarantined.total()) == (received, refused), folder
    assert value(
        warehouse,
        "select max(adj_close) < 200 and min(volume) > 1000 from raw_pystock.prices where archive = 'export_by_symbol'",
    )
    assert value(warehouse, "select count(*) from raw_pystock.prices where symbol ~ '\"'") == 0


def test_the_calendar_begins_at_the_earliest_bar_and_no_bar_is_of_the_future(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"{BARS}IBM,1962-01-03,1,2,1,1,1,1\nNEXT,2199-01-03,1,2,1,1,1,1\n")
    first = "select min(date)::text from raw_calendar.days"
    runner.backfill(settings, "headlines", [written(tmp_path / "news.csv", NEWS)], Console(quiet=True))
    assert value(settings, first) == "2000-01-01"
    (report, calendar) = runner.backfill(settings, "pystock", [path], Console(quiet=True))
    assert (report.received["prices"], report.loaded["prices"]) == (3, 2) and calendar.failures == []
    assert value(settings, first) == "1962-01-01"
    ((reason,),) = rows(settings, "select reason from raw_ops.quarantine")
    assert reason.startswith("date: 2199-01-03 is after the day of its receipt, 20")


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_input_that_the_warehouse_rejects_can_be_set_aside_by_the_command_that_the_error_names(
    settings: Settings, tmp_path: Path
) -> None:
    with Warehouse(settings).connect() as connection, connection.cursor() as cursor:
        cursor.execute("alter table raw_headlines.headlines add check (stock <> 'POISON')")
    good, bad, later = (tmp_path / f"{name}.csv" for name in ("a_good", "b_bad", "c_later"))
    good.write_text(NEWS)
    bad.write_text(NEWS.replace("AAA", "POISON"))
    later.write_text(NEWS.replace("AAA", "LATER"))
    loaded = backfilled(good)
    assert loaded.returncode == 0, loaded.stdout
    for path in (bad, later):  # what comes later waits behind it
        failed = backfilled(path)
        assert failed.returncode == 1
        (command,) = re.findall(r"`marketloom (set-aside headlines headlines-[0-9a-f]{32})`", failed.stdout)
    done = marketloom(*command.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert backfilled(later).returncode == 0
    stocks = "select stock from raw_headlines.headlines order by 1"
    assert rows(settings, stocks) == [("AAA",), ("LATER",)]
    assert len([*Path(settings.landing_url).glob("set_aside/headlines/headlines/*/*.gz")]) == 1
    again = marketloom(*command.split())
    assert again.returncode == 1 and "is in landing" in again.stderr


def backfilled(path: Path) -> subprocess.CompletedProcess[str]:
    return marketloom("backfill", "headlines", str(path))


def marketloom(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ingestion.cli import app; app()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
