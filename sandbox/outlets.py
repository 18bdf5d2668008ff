"""The simulated press: outlets, and the providers and feeds that carry them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Outlet:
    """A publisher. `feed` is the RSS or Atom feed that carries it, if any; `habit` how it edits headlines."""

    name: str
    domain: str
    polygon: bool
    alpha_vantage: bool
    feed: str | None
    habit: Literal["plain", "suffix", "cashtag", "german", "shout"] = "plain"
    authors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feed:
    """One feed: /rss/<name>.xml."""

    name: str
    title: str
    kind: Literal["rss", "atom"]
    encoding: Literal["UTF-8", "ISO-8859-1"]
    link: str
    language: str = "en-us"


OUTLETS = (
    Outlet("Threadline Newswire", "www.threadline.example", True, False, "newswire"),
    Outlet(
        "Selvedge Markets", "www.selvedge-markets.example", True, True, "markets", "suffix", ("Ada Weaver", "Jon Hem")
    ),
    Outlet("The Daily Bobbin", "dailybobbin.example", True, True, "tape", "plain", ("Staff", "Mara Skein")),
    Outlet("Warp & Weft Review", "www.warpweft-review.example", False, True, "markets", "suffix", ("O. Shuttle",)),
    Outlet("Tickerloom", "tickerloom.example", True, False, "tape", "cashtag", ("tickerloom desk",)),
    Outlet("Jacquard Street", "www.jacquardstreet.example", False, True, "tape", "shout", ("Léa Métier", "Tom O'Card")),
    Outlet("Zürcher Webstuhl", "www.webstuhl.example", False, False, "boerse", "german", ("Jürg Fäden",)),
    Outlet("Heddle & Reed Research", "research.heddlereed.example", True, True, None, "plain", ("Priya Twill",)),
    Outlet("Shuttle Finance", "www.shuttlefinance.example", False, True, None, "suffix", ("Wen Li",)),
)

FEEDS = {
    feed.name: feed
    for feed in (
        Feed("newswire", "Threadline Newswire: all releases", "rss", "UTF-8", "https://www.threadline.example/"),
        Feed("markets", "Markets & companies", "atom", "UTF-8", "https://www.selvedge-markets.example/"),
        Feed("boerse", "Zürcher Webstuhl: Börse", "rss", "ISO-8859-1", "https://www.webstuhl.example/", "de"),
        Feed("tape", "The Tape: headlines from everywhere", "rss", "UTF-8", "https://tickerloom.example/"),
    )
}
