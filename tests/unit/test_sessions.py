"""The exchange's sessions, and the file that caches them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier

import pytest

from ingestion.extract import sessions
from ingestion.extract.sessions import sessions_between

FIRST, LAST = date(2022, 11, 20), date(2024, 7, 4)


def test_cached_sessions_equal_those_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = sessions_between(FIRST, LAST)
    assert told[3] == (date(2022, 11, 25), datetime(2022, 11, 25, 18, tzinfo=UTC))  # a half-day
    assert told[-1][0] == date(2024, 7, 3)
    assert sessions_between(date(2023, 1, 1), LAST, tmp_path) == [day for day in told if day[0].year > 2022]
    assert sessions_between(FIRST, LAST, tmp_path) == told
    monkeypatch.setattr(sessions, "_of_years", None)
    assert sessions_between(FIRST, LAST, tmp_path) == told
    assert sessions_between(LAST, FIRST, tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"2023": [["2023-01-02"]]}', b'{"2023": 1}'])
def test_a_damaged_cache_is_replaced(tmp_path: Path, content: bytes) -> None:
    first, last = date(2023, 3, 1), date(2023, 3, 9)
    told = sessions_between(first, last, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    assert sessions_between(first, last, tmp_path) == told == sessions_between(first, last)
    assert path.read_bytes() != content


def test_several_processes_can_write_the_cache_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, count = sessions_between(FIRST, LAST), 8
    ready = Barrier(count)

    def all_at_once(first: int, last: int) -> list[sessions.Session]:
        ready.wait()
        return told

    monkeypatch.setattr(sessions, "_of_years", all_at_once)
    with ThreadPoolExecutor(count) as pool:
        for place in range(20):
            kept = tmp_path / str(place)
            found = pool.map(lambda _, folder=kept: sessions_between(FIRST, LAST, folder), range(count))
            assert all(days == told for days in found)
            assert len(list(kept.iterdir())) == 1


def test_another_version_of_the_library_does_not_use_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions_between(FIRST, LAST, tmp_path)
    monkeypatch.setattr(sessions, "version", lambda name: "0")
    sessions_between(FIRST, LAST, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
