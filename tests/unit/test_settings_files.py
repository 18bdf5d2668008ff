"""A file of settings that cannot be read is named with its line and what is wrong, and its values stay secret."""

from pathlib import Path

import pytest

from ingestion.errors import ConfigurationError
from ingestion.settings_files import check_files
from tests.shared import SHARED, need

POLYGON = "[sources.polygon]\n"
BROKEN = [
    (b"\xef\xbb\xbf[marketloom]\n", r"line 1: it begins with a byte order mark \(BOM\)"),
    ("\ufeff[marketloom]\n".encode("utf-16"), "line 1: it is not UTF-8"),
    (b"# caf\xe9\n", "line 1: it is not UTF-8"),
    (b"[marketloom]\n\nlookback_days = 5\nlookback_days = 6\n", "line 4: lookback_days is set twice"),
    (b"[sources.polygon\n", r"line 1: expected ']'"),
    (b"api_key\n", "line 1: expected '='"),
    (
        f"{POLYGON}api_key = hush\n".encode(),
        "line 2: invalid value; write the value of api_key between straight double",
    ),
    (f"{POLYGON}api_key = \u201chush\u201d\n".encode(), "line 2: invalid value; .* straight double quotes"),
    (f'{POLYGON}api_key = "hush\n'.encode(), "line 2: illegal character"),
    (f"{POLYGON}api_key =\n".encode(), "line 2: invalid value"),
    (f"{POLYGON}api_key = 12345\n".encode(), r"line 2: sources\.polygon\.api_key must be a text"),
    (f"{POLYGON}api_key = true\n".encode(), r"line 2: sources\.polygon\.api_key must be a text"),
    (b"sources.polygon.api_key = 12345\n", r"line 1: sources\.polygon\.api_key must be a text"),
    (b"[sources]\npolygon = 'hush'\n", r"line 2: sources\.polygon must be a section"),
    (b"sources = 5\n", "line 1: sources must be a section"),
    (b"[marketloom]\ntickers = 'AAPL'\n", r"line 2: marketloom\.tickers must be a list of texts"),
    (b"[sources.rss]\ntickers = [1]\n", r"line 2: sources\.rss\.tickers must be a list of texts"),
    (b"[sources.rss]\nfeeds = ['https://x']\n", r"line 2: sources\.rss\.feeds must be a table of texts"),
    (b"[sources.rss.feeds]\na = 1\n", r"line 1: sources\.rss\.feeds must be a table of texts"),
    (b"[sources.rss]\nrates = 5\n", r"line 2: sources\.rss\.rates must be a list of pairs"),
    (b"[marketloom]\ntimeout_seconds = '5'\n", r"line 2: marketloom\.timeout_seconds must be a number"),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    (tmp_path / ".dlt").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", ["config.toml", "secrets.toml"])
@pytest.mark.parametrize(("content", "words"), BROKEN)
def test_the_mistake_is_named_by_file_and_line(project: Path, name: str, content: bytes, words: str) -> None:
    (project / ".dlt" / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as refused:
        check_files(project)
    assert str(refused.value).startswith(str(project / ".dlt" / name))
    assert "hush" not in str(refused.value) and "12345" not in str(refused.value)


def test_files_of_the_user_are_checked_too(project: Path) -> None:
    (project / "nowhere" / ".dlt").mkdir(parents=True)
    (project / "nowhere" / ".dlt" / "secrets.toml").write_text("x = y")
    with pytest.raises(ConfigurationError, match=r"nowhere/\.dlt/secrets\.toml, line 1"):
        check_files(project)


def test_a_folder_in_the_place_of_a_file_is_named(project: Path) -> None:
    (project / ".dlt" / "config.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"config\.toml cannot be read \(Is a directory\)"):
        check_files(project)


def test_files_as_documented_and_missing_ones_are_accepted(project: Path) -> None:
    check_files(project)
    (project / ".dlt" / "config.toml").write_text(
        '[sources]\nbase_url = "https://all.example"\n[sources.rss]\nrates = [[5, 60]]\n'
        '[sources.rss.feeds]\nwire = "https://wire.example"\n[marketloom]\nlookback_days = 60\ntimeout_seconds = 2.5\n'
    )
    (project / ".dlt" / "secrets.toml").write_text('[sources.polygon]\napi_key = ""\n')
    check_files(project)


def test_unquoted_secrets_are_named(project: Path) -> None:
    (project / ".dlt" / "secrets.toml").write_bytes(need(SHARED / "cases/config/secrets_unquoted.toml").read_bytes())
    with pytest.raises(ConfigurationError, match=r"secrets\.toml, line 2: .*api_key between straight double quotes"):
        check_files(project)
