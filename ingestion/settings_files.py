"""Check dlt's files of settings before dlt reads them, so that a mistake is reported by file and line.

dlt skips a file that it cannot read, and the settings in it are then reported as missing. https://toml.io
"""

import codecs
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingestion.errors import ConfigurationError

FILES = ("config.toml", "secrets.toml")
SHAPES = {
    "text": 'a text in double quotes, such as "value"',
    "texts": 'a list of texts, such as ["AAPL", "MSFT"]',
    "table": 'a table of texts, such as {name = "https://example.com/feed"}',
    "pairs": "a list of pairs of calls and seconds, such as [[5, 60]]",
    "number": "a number, such as 30",
}
OF_SOURCE = {"base_url": "text", "api_key": "text", "tickers": "texts", "feeds": "table", "rates": "pairs"}
NUMBERS = ("lookback_days", "timeout_seconds", "backoff_seconds", "longest_wait_seconds", "largest_response_bytes")
OF_MARKETLOOM = {"landing": "text", "tickers": "texts", **dict.fromkeys(NUMBERS, "number")}


def check_files(root: Path) -> None:
    """Check the files of the project and of the user. Raises ConfigurationError, which never shows a value."""
    folders = [root / ".dlt"]
    with suppress(RuntimeError):  # there is no home folder
        folders.append(Path.home() / ".dlt")
    for path in (folder / name for folder in folders for name in FILES):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            if path.parent == folders[0]:
                raise ConfigurationError(f"{path} cannot be read: give your user the permission to read it") from None
            continue
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read ({error.strerror}): it must be a file") from None
        _check(path, content)


def _check(path: Path, content: bytes) -> None:
    if content.startswith(codecs.BOM_UTF8):
        raise ConfigurationError(
            f"{path}, line 1: it begins with a byte order mark (BOM): save it as UTF-8 without BOM"
        )
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        broken = content[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{path}, line {broken}: it is not UTF-8: save it as UTF-8 without BOM") from None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(_broken(path, text, str(error))) from None
    for setting, shape, value in _settings(found):
        if not _fits(value, shape):
            line = _line_of(text, setting)
            place = f"{path}, line {line}" if line else str(path)
            raise ConfigurationError(f"{place}: {setting} must be {SHAPES.get(shape, shape)}")


def _broken(path: Path, text: str, reason: str) -> str:
    where = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", reason)
    line = int(where[1]) if where and where[1] else text.count("\n") + 1
    written = text.splitlines()[line - 1] if line <= len(text.splitlines()) else ""
    key = re.match(r"\s*([\w.-]+)\s*=", written)
    about = reason[: where.start()] if where else reason
    # The parser's words can hold a character or a key of the file, but no value.
    advice = "correct the line"
    if "overwrite" in about:
        about, advice = f"{key[1] if key else 'a name'} is set twice", "remove one of the two"
    elif key:
        advice = f"write the value of {key[1]} between straight double quotes if it is a text"
    return f"{path}, line {line}: {about[:1].lower()}{about[1:]}; {advice} (https://toml.io)"


def _settings(found: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Each setting of ours: its name, its shape and its value."""
    section = "a section, such as [sources.polygon]"
    sources, own = found.get("sources", {}), found.get("marketloom", {})
    yield "sources", section, sources
    yield "marketloom", "a section, [marketloom]", own
    tables = (
        {f"sources.{name}": (part, OF_SOURCE) for name, part in sources.items()} if isinstance(sources, dict) else {}
    )
    for name, (part, shapes) in {**tables, "marketloom": (own, OF_MARKETLOOM)}.items():
        if name.removeprefix("sources.") not in OF_SOURCE:  # dlt also reads what is set for all sources at once
            yield name, section, part
        if isinstance(part, dict):
            yield from ((f"{name}.{key}", shapes[key], value) for key, value in part.items() if key in shapes)


def _fits(value: Any, shape: str) -> bool:
    if shape == "text":
        return isinstance(value, str)
    if shape == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if shape == "texts":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if shape == "table":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return isinstance(value, list if shape == "pairs" else dict)


def _line_of(text: str, setting: str) -> int | None:
    """The line that sets a setting; None if it is not written in one of the two usual ways."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = re.sub(r"[\s\"']", "", header[1]) + "."
        key = re.match(r"\s*([\w.-]+)\s*=", line)
        if (key and section + key[1] == setting) or section == f"{setting}.":
            return number
    return None
