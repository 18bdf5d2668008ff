"""Sample files of the simulated market have the format, and the faults, of the real collections."""

import csv
import tarfile
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sandbox.archives import HEADER, price, write_archives
from sandbox.headlines import write_headlines
from sandbox.reports import COLUMNS
from tests.shared import DATA, need
from tests.unit.sandbox_requests import market

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archives")
    write_archives(market(), path, FIRST, LAST)
    return path


def read(path: Path) -> dict[str, tuple[datetime, str]]:
    with tarfile.open(path) as archive:
        found = {}
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            found[member.name] = (datetime.fromtimestamp(member.mtime, UTC), file.read().decode())
        return found


def prices(path: Path) -> list[list[str]]:
    return [line.split(",") for line in read(path)["prices.csv"][1].splitlines()]


def test_there_is_one_archive_a_session_collected_at_noon_the_next_day(folder: Path) -> None:
    sessions = [day for day in market().sessions.dates if FIRST <= day <= LAST]
    assert sorted(path.name for path in folder.iterdir()) == [f"{day:%Y%m%d}.tar.gz" for day in sessions]
    members = read(folder / "20261001.tar.gz")
    assert list(members) == ["symbols.txt", "prices.csv", "reports.csv"]
    assert members["prices.csv"][0] == datetime(2026, 10, 2, 12, 1, tzinfo=UTC)


def test_archives_look_like_the_real_ones(folder: Path) -> None:
    genuine, ours = read(need(DATA / "pystock/20151007.tar.gz")), read(folder / "20261014.tar.gz")
    assert list(ours) == list(genuine)
    for name in ("prices.csv", "reports.csv"):
        assert ours[name][1].split("\r\n")[0] == genuine[name][1].split("\r\n")[0]
        assert ours[name][1].endswith("\r\n")
    assert ours["symbols.txt"][1].splitlines()[0].count("\t") == 1
    assert ours["reports.csv"][1].split("\r\n")[0] == ",".join(COLUMNS)


def test_an_archive_holds_two_days_of_every_stock(folder: Path) -> None:
    header, *rows = prices(folder / "20261008.tar.gz")
    assert ",".join(header) == HEADER
    assert {row[1] for row in rows} == {"2026-10-07", "2026-10-08"}
    assert rows[0][:2] == ["LOOM", "2026-10-08"]
    assert rows[1][:2] == ["LOOM", "2026-10-07"]


def test_one_archive_repeats_its_header_and_rows_and_one_is_incomplete(folder: Path) -> None:
    repeated = prices(folder / "20261002.tar.gz")
    headers = [number for number, row in enumerate(repeated) if row[0] == "symbol"]
    assert len(headers) == 2
    keys = [tuple(row[:2]) for row in repeated if row[0] != "symbol"]
    assert len(keys) == 3 * len(set(keys))
    incomplete = prices(folder / "20261006.tar.gz")
    assert sum(row[1] == "2026-10-06" for row in incomplete) == 4
    assert not read(folder / "20261005.tar.gz")["reports.csv"][1].startswith("symbol,")


def test_some_bars_are_restated_and_adjusted_closes_rewritten(folder: Path) -> None:
    versions: defaultdict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        for row in prices(path)[1:]:
            if row[0] != "symbol" and row not in versions[row[0], row[1]]:
                versions[row[0], row[1]].append(row)
    changed = [found for found in versions.values() if len(found) > 1]
    restated = [found for found in changed if found[0][2:7] != found[1][2:7]]
    adjusted = [found for found in changed if found[0][5] == found[1][5] != found[1][7]]
    assert len(changed) < len(versions) / 20
    assert len(restated) > 3
    assert len(adjusted) > 3


def test_archives_are_the_same_bytes_every_time(folder: Path, tmp_path: Path) -> None:
    write_archives(market(), tmp_path, FIRST, date(2026, 10, 5))
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()


@pytest.mark.parametrize(("value", "text"), [(109.62, "109.620003"), (7.57, "7.57"), (7.6, "7.60"), (5.405, "5.405")])
def test_prices_are_written_as_collected(value: float, text: str) -> None:
    assert price(value) == text


def test_headlines_have_offsets_repeats_and_gaps(tmp_path: Path) -> None:
    path = tmp_path / "headlines.csv"
    count = write_headlines(market(), path, date(2026, 10, 1), date(2026, 11, 15))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count > 500
    assert list(rows[0]) == ["title", "date", "stock"]
    assert sum(not row["title"] or not row["date"] for row in rows) == 2
    dated = [row["date"] for row in rows if row["date"]]
    assert {text[-6:] for text in dated} == {"-04:00", "-05:00"}
    assert all(datetime.fromisoformat(text).tzinfo for text in dated)
    assert len({row["title"] for row in rows}) < count
