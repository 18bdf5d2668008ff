"""Proxies, redirects, next pages and addresses: what is certain is put right, else one line names what to correct."""

import json
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ingestion.config import Settings
from ingestion.errors import ConfigurationError
from ingestion.extract.plan import Plan
from ingestion.extract.window import Window
from ingestion.landing import Landed
from ingestion.load.outcome import parse
from ingestion.sources import SOURCES
from tests.integration.providers import LOOKBACK, NOW, as_json, conserved, ingest
from tests.integration.webserver import Answer, feed, web
from tests.runs import make_client
from tests.shared import ROOT
from tests.warehouse import rows

PROXIES = [f"{kind}_proxy" for kind in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine, short pauses, and an allowance that is easily used up."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("MARKETLOOM__BACKOFF_SECONDS", "0.01")
    monkeypatch.setenv("MARKETLOOM__LONGEST_WAIT_SECONDS", "1")
    monkeypatch.setenv("MARKETLOOM__TIMEOUT_SECONDS", "5")


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def feeds(monkeypatch: pytest.MonkeyPatch, **addresses: object) -> None:
    monkeypatch.setenv("SOURCES__RSS__FEEDS", as_json(addresses))


def loaded(settings: Settings) -> set[str]:
    return {name for (name,) in rows(settings, "select distinct feed from raw_rss.entries")}


def everything_written(settings: Settings) -> str:
    tables = ("raw_ops.requests", "raw_ops.quarantine")
    records = [text for table in tables for (text,) in rows(settings, f"select t::text from {table} t")]
    files = [path.read_bytes().decode("latin-1") for path in settings.home.rglob("*") if path.is_file()]
    return "\n".join([*records, *files])


@dataclass
class Planned:
    """What the calls of a run landed, without a warehouse, and the lines about those that failed."""

    landed: list[Landed]
    failures: list[str]


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings without a warehouse."""
    monkeypatch.chdir(ROOT)
    return Settings(root=ROOT, home=tmp_path / "home", target="live")


def planned(settings: Settings, source: str, tickers: tuple[str, ...] = ()) -> Planned:
    """Make the calls of a run of one source."""
    window = Window(NOW, date(2024, 3, 14), date(2024, 3, 15), tickers, LOOKBACK)
    landed: list[Landed] = []
    with closing(make_client(settings, SOURCES[source])) as client:
        plan = Plan(SOURCES[source], client, window, {}, settings.sessions_folder)
        calls = plan.calls()
        with suppress(StopIteration):
            landed.append(next(calls))
            while True:
                landed.append(calls.send(parse(SOURCES[source], landed[-1])[1]))
    return Planned(landed, plan.failures)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("HTTP_PROXY", "http://robot:s3cr3t-word@{}"), ("http_proxy", "{}"), ("ALL_PROXY", "  http://{}/ ")],
)
def test_providers_are_asked_through_the_proxy_and_this_machine_directly(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, shape: str
) -> None:
    with web(feed) as proxy, web(feed) as here:
        monkeypatch.setenv(name, shape.format(urlsplit(proxy.url).netloc))
        feeds(monkeypatch, far="http://feeds.example/rss", near=f"{here.url}/rss", spared="http://inside.example/rss")
        monkeypatch.setenv("NO_PROXY", "inside.example")
        report = ingest(settings, "rss")
    assert (proxy.paths, here.paths) == (["http://feeds.example/rss"], ["/rss"])
    assert [line for line in report.failures if "spared" not in line] == [] and conserved(report)
    assert loaded(settings) == {"far", "near"}
    assert ("Proxy-Authorization" in proxy.asked[0][1]) == ("robot" in shape)
    assert "s3cr3t-word" not in everything_written(settings) + str(report)


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://robot:s3cr3t-word@127.0.0.1:1080", "HTTP_PROXY names a SOCKS proxy, which needs PySocks"),
        ("htp://127.0.0.1:1080", "HTTP_PROXY begins with htp://, as no proxy does"),
        ("http://robot:s3cr3t-word@:8080", "HTTP_PROXY is not the address of a proxy"),
        ("http://robot:s3cr3t-word@host:port", "HTTP_PROXY is not the address of a proxy"),
        ("http://[::1:8080", "HTTP_PROXY is not the address of a proxy"),
        ("http://robot:s3cr3t-word@127.0.0.1:{unused}", "through the proxy http://127.0.0.1:{unused} of HTTP_PROXY"),
        (
            "http://robot:s3cr3t-word@127.0.0.1:{refusing}",
            "127.0.0.1:{refusing} of HTTP_PROXY wants a login (HTTP 407)",
        ),
    ],
)
def test_an_unusable_proxy_is_named_without_its_password_and_costs_nothing_else(
    plain: Settings, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str
) -> None:
    def refuse(path: str) -> Answer:
        return 407, {"Proxy-Authenticate": "Basic"}, b"login"

    with web(feed) as here, web(refuse) as refusing:
        ports = {"unused": unused_port(), "refusing": urlsplit(refusing.url).port}
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.format(**ports))
        secure = "https://feeds.example/rss"
        feeds(monkeypatch, far="http://feeds.example/rss", secure=secure, near=f"{here.url}/rss")
        found = planned(plain, "rss")
        polygon_at(monkeypatch, "http://provider.example")
        try:
            other = planned(plain, "polygon").failures
        except ConfigurationError as error:  # before any request
            other = [str(error)]
    assert [landed.params["feed"] for landed in found.landed if landed.outcome == "ok"] == ["near"]
    assert len(found.failures) == 2 and words.format(**ports) in found.failures[0]
    assert words.format(**ports).replace("HTTP_", "HTTPS_") in found.failures[1]
    assert words.format(**ports) in other[0]
    assert "s3cr3t-word" not in f"{found} {other}"


def test_a_redirect_is_followed_a_few_times_and_never_in_a_circle_or_elsewhere(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an allowance of 20 calls for the host, all of them and the good feed must fit."""
    places = {
        "itself": "/itself",
        "itself_with_fragment": "/itself_with_fragment#top",
        "pair": "/pair/2",
        "pair/2": "/pair",
        "file": "file:///etc/passwd",
        "ftp": "ftp://127.0.0.1/feed",
        "broken": "http://[::1",
        "nowhere": "http://",
        "moved": "/good?now=here",
        "upper": "/GOOD",
    }

    def answer(path: str) -> Answer:
        name = path.lstrip("/")
        if name.startswith("chain/"):
            return 302, {"Location": f"/chain/{int(name[6:]) + 1}"}, b""
        return (301, {"Location": places[name]}, b"gone") if name in places else feed(path)

    with web(answer) as site:
        monkeypatch.setenv("SOURCES__RSS__RATES", "[[20, 60]]")
        named = {name: f"{site.url}/{name}" for name in places if name != "pair/2"}
        feeds(monkeypatch, chain=f"{site.url}/chain/1", **named, last=f"{site.url}/good")
        report = ingest(settings, "rss")
    assert report.postponed == [] and conserved(report)
    assert loaded(settings) == {"moved", "upper", "last"}
    assert site.paths.count("/itself") == 1 and site.paths.count("/pair") == 1
    assert [path for path in site.paths if "chain" in path] == [f"/chain/{n}" for n in range(1, 7)]
    told = {line.split()[2].rstrip(":"): line for line in report.failures}
    assert told.keys() == {"itself", "itself_with_fragment", "pair", "file", "ftp", "broken", "nowhere", "chain"}
    assert "in a circle" in told["itself"] and "more than 5 times" in told["chain"]
    assert "redirects to file:, not to a web address" in told["file"]


def test_each_host_of_a_feed_has_its_own_allowance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(feed) as site:
        monkeypatch.setenv("SOURCES__RSS__RATES", "[[2, 60]]")
        many = {f"many{n}": f"{site.url}/{n}" for n in range(4)}
        feeds(monkeypatch, **many, other=f"{site.url.replace('127.0.0.1', 'localhost')}/other")
        report = ingest(settings, "rss")
    assert report.failures == [] and len(report.postponed) == 2
    assert loaded(settings) == {"many0", "many1", "other"}


def polygon_at(monkeypatch: pytest.MonkeyPatch, base: str, key: str = "a-good-key") -> None:
    monkeypatch.setenv("SOURCES__POLYGON__BASE_URL", base)
    monkeypatch.setenv("SOURCES__POLYGON__API_KEY", key)
    monkeypatch.setenv("SOURCES__POLYGON__RATES", "[]")


NEWS = "/v2/reference/news"


@pytest.mark.parametrize(
    ("next_urls", "pages", "words"),
    [
        ([""], 1, None),
        ([None], 1, None),
        (["?cursor=a", "http://x.example" + NEWS + "?cursor=b&apiKey=x", "{base}" + NEWS + "?cursor=c", ""], 4, None),
        (["?cursor=a", "?cursor=a"], 2, "after 2 pages"),
        (["?cursor=a&b=c", "?b=c&cursor=a"], 2, "after 2 pages"),
        (["?cursor=a", "?cursor=b", "?cursor=c", "?cursor=a"], 4, "after 4 pages"),
        ([5], 1, "cannot be read"),
        ([["?cursor=a"]], 1, "cannot be read"),
        (["file:///etc/passwd"], 1, "cannot be read"),
        (["/v3/reference/tickers?cursor=a"], 1, "another path"),
        (["https://elsewhere.example/v2/../v3/news?cursor=a"], 1, "another path"),
        (["/v2/reference/news/..%2f..?cursor=a"], 1, "another path"),
        (["http://[::1/v2/reference/news"], 1, "cannot be read"),
    ],
)  # fmt: skip
def test_a_next_page_is_one_of_the_same_call_and_each_comes_once(
    plain: Settings, monkeypatch: pytest.MonkeyPatch, next_urls: list[Any], pages: int, words: str | None
) -> None:
    asked: list[str] = []

    def answer(path: str) -> Answer:
        if not path.startswith("/base" + NEWS):
            return 200, {}, b'{"status":"OK","results":[]}'
        asked.append(path)
        article = {"id": f"n{len(asked)}", "published_utc": "2024-01-02T15:00:00Z", "title": "A", "tickers": ["AAA"]}
        following = next_urls[min(len(asked), len(next_urls)) - 1]
        if isinstance(following, str):
            following = following.replace("{base}", f"{site.url}/base")
        return 200, {}, json.dumps({"status": "OK", "results": [article], "next_url": following}).encode()

    with web(answer) as site:
        polygon_at(monkeypatch, f"{site.url}/base/")
        found = planned(plain, "polygon")
    assert len(asked) == pages and all(path.partition("?")[0] == "/base" + NEWS for path in asked)
    assert not any("apiKey" in path for path in asked)
    news = [landed for landed in found.landed if landed.endpoint == "news"]
    assert len(news) == pages and all(landed.outcome == "ok" for landed in news)
    assert [landed for landed in news if landed.cursors] == ([] if words else news[-1:])
    assert [words in line for line in found.failures] == [True] if words else found.failures == []


@pytest.mark.parametrize("source", ["polygon", "alpha_vantage"])
def test_a_redirect_takes_no_key_to_another_host(plain: Settings, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    with web(feed) as elsewhere:

        def answer(path: str) -> Answer:
            parts = urlsplit(path)
            key = parse_qs(parts.query).get("apikey", [""])[0]
            return 302, {"Location": f"{elsewhere.url}{parts.path}?apikey={key}"}, b""

        with web(answer) as site:
            monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__BASE_URL", site.url)
            monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__API_KEY", "a-good-key")
            monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__RATES", "[]")
            polygon_at(monkeypatch, site.url)
            found = planned(plain, source, ("AAA",))
    assert elsewhere.asked == [] and site.asked
    assert "redirects to http://127.0.0.1, which would get the key" in found.failures[0]
    assert "a-good-key" not in str(found)


def test_a_login_in_netrc_does_not_replace_the_key(
    plain: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login robot password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with web(lambda path: (200, {}, b'{"status":"OK","results":[]}')) as site:
        polygon_at(monkeypatch, site.url, "  \u201ca-good-key\u201d\n")
        assert planned(plain, "polygon").failures == []
    assert {headers["Authorization"] for _, headers in site.asked} == {"Bearer a-good-key"}


@pytest.mark.parametrize("key", ["a-good\nkey", "a good key", "a-g\u00f6\u00f6d-key", "a\u2011good\u2011key"])
def test_a_key_that_no_request_can_carry_is_refused_without_showing_it(
    plain: Settings, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with web(feed) as site:
        polygon_at(monkeypatch, site.url, key)
        with pytest.raises(ConfigurationError) as refusal:
            planned(plain, "polygon")
    line = str(refusal.value)
    assert site.asked == [] and "SOURCES__POLYGON__API_KEY" in line and ".dlt/secrets.toml" in line
    assert key not in line and "good" not in line


TICKERS = ["BRK/A", "#F", "../../v3", "", " ", "A?x=1", "A%2F", "..", "A/../B", "A\nB", "x" * 300, " GOOD ", "{since}"]


@pytest.mark.parametrize("is_configured", [False, True])
def test_a_ticker_changes_no_path_and_a_bad_one_stops_no_other(
    plain: Settings, monkeypatch: pytest.MonkeyPatch, is_configured: bool
) -> None:
    with web(lambda path: (200, {}, b'{"status":"OK","results":[],"feed":[],"items":"0"}')) as site:
        polygon_at(monkeypatch, site.url)
        monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__BASE_URL", site.url)
        monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__API_KEY", "a-good-key")
        monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__RATES", "[]")
        if is_configured:
            monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__TICKERS", as_json([*TICKERS, 5, None, True, ["A"]]))
            found = planned(plain, "alpha_vantage")
        else:
            found = planned(plain, "polygon", tuple(TICKERS))
    refused = [line for line in found.failures if line.startswith("ticker ")]
    assert len(refused) == len(TICKERS) - 3 + (4 if is_configured else 0)
    assert all("--ticker" in line or "is empty or no text" in line for line in refused)
    if is_configured:
        assert {urlsplit(path).path for path in site.paths} == {"/query"}
        asked = [parse_qs(urlsplit(path).query) for path in site.paths]
        assert {query["tickers"][0] for query in asked if "tickers" in query} == {"BRK/A", "#F", "GOOD"}
    else:
        bars = [path.partition("?")[0] for path in site.paths if "/aggs/" in path]
        shape = "/v2/aggs/ticker/{}/range/1/day/2024-03-14/2024-03-15"
        assert sorted(bars) == sorted(shape.format(name) for name in ("BRK%2FA", "%23F", "GOOD"))


def test_addresses_are_put_right_or_named_and_one_bad_feed_stops_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web(feed) as site:
        host = urlsplit(site.url).netloc
        good = {
            "bare": f"{host}/rss",
            "scheme": f"feed://{host}/rss",
            "colon": f"feed:http://{host}/rss",
            "upper": f" HTTP://{host}/rss ",
            "fragment": f"{site.url}/rss#top",
            "slashes": f"//{host}/rss",
        }
        bad = {
            "empty": "",
            "file": "file:///etc/passwd",
            "ftp": "ftp://example.com/rss",
            "mail": "mailto:me@example.com",
            "hostless": "https:///rss",
            "port": "https://example.com:port/rss",
            "control": "https://example.com/a\nb",
            "blank": "https://exa mple.com/rss",
            "number": 5,
            "none": None,
        }
        feeds(monkeypatch, **bad, **good)
        report = ingest(settings, "rss")
    assert site.paths == ["/rss"] * len(good) and loaded(settings) == good.keys()
    assert [line.split()[0] for line in report.failures] == list(bad)
    assert all("[sources.rss.feeds] of .dlt/config.toml" in line for line in report.failures)
