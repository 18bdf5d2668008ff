"""Landed responses are read back unchanged, in landing order; a file appears whole or not at all."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingestion.landing import Landed, Landing, LandingError, content_id, stamp_of

NOW = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
LANDED = Landed("polygon", "news", "https://x/news?limit=1", {"limit": "1"}, NOW, NOW, 200, "ok", b"{}")


@given(
    body=st.binary(max_size=2000),
    params=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    cursors=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=3),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_is_read_is_what_was_written(
    tmp_path: Path, body: bytes, params: dict[str, str], cursors: dict[str, str]
) -> None:
    landing = Landing(str(tmp_path))
    written = landing.write(replace(LANDED, body=body, params=params, cursors=cursors))
    assert landing.read(written.path) == written


def test_order_is_landing_order_across_endpoints_and_processes(tmp_path: Path) -> None:
    stamps = []
    for number in range(20):
        landing = Landing(str(tmp_path))  # a new one each time, as another process would have
        stamps.append(landing.write(replace(LANDED, endpoint=("news", "tickers")[number % 2])).stamp)
    assert stamps == sorted(set(stamps))
    landing = Landing(str(tmp_path))
    assert [landed.stamp for landed in landing.after("polygon", "")] == stamps
    assert [landed.stamp for landed in landing.after("polygon", stamps[11])] == stamps[12:]
    assert landing.paths("polygon", after=stamps[-1]) == []
    assert landing.paths("rss") == []


def test_a_stamp_is_later_than_the_last_even_if_the_clock_went_back(tmp_path: Path) -> None:
    first = Landing(str(tmp_path)).write(LANDED)
    future = first.path.replace(stamp_of(first.path), "29991231T235959999999Z").replace(first.stamp[:8], "29991231")
    (tmp_path / future).parent.mkdir(parents=True)
    (tmp_path / first.path).rename(tmp_path / future)
    assert Landing(str(tmp_path)).write(LANDED).stamp > "29991231T235959999999Z"


def test_a_half_written_file_is_not_seen(tmp_path: Path) -> None:
    written = Landing(str(tmp_path)).write(LANDED)
    (tmp_path / written.path).with_suffix(".part").write_bytes(b"half")
    assert len(Landing(str(tmp_path)).paths("polygon")) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not gzip", id="not gzip"),
        pytest.param(gzip.compress(b"no header line"), id="no header line"),
        pytest.param(gzip.compress(b'{"a": 1}\nx'), id="broken row"),
    ],
)
def test_a_damaged_file_gives_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    written = Landing(str(tmp_path)).write(LANDED)
    (tmp_path / written.path).write_bytes(content)
    with pytest.raises(LandingError, match=written.path):
        Landing(str(tmp_path)).read(written.path)


def test_a_landed_file_can_be_looked_at_with_zcat(tmp_path: Path) -> None:
    written = Landing(str(tmp_path)).write(replace(LANDED, body=b"line one\nline two"))
    head, _, body = gzip.decompress((tmp_path / written.path).read_bytes()).partition(b"\n")
    assert orjson.loads(head)["url"] == LANDED.url
    assert body == b"line one\nline two"


def test_bulk_content_is_recognised(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    own = content_id("pystock", "prices", {"archive": "20151001"}, b"rows")
    assert not landing.holds("pystock", "prices", own)
    landing.write(replace(LANDED, source="pystock", endpoint="prices", response_id=own))
    assert Landing(str(tmp_path)).holds("pystock", "prices", own)
    assert own != content_id("pystock", "prices", {"archive": "20151001"}, b"other rows")


def test_the_zone_can_be_any_file_system() -> None:
    landing = Landing("memory://marketloom-landing-test")
    written = landing.write(LANDED)
    assert landing.read(written.path) == written
    assert landing.paths("polygon") == [written.path]
