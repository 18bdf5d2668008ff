"""The words of the simulated news: by topic and tone, in English and, for one outlet, in German."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """Headlines for bad, neutral and good news over {name} {other} {n} {m} {q}; `german` in the same order."""

    name: str
    bad: tuple[str, ...]
    neutral: tuple[str, ...]
    good: tuple[str, ...]
    german: tuple[str, str, str]


TOPICS = (
    Topic(
        "earnings",
        ("{name} misses {q} estimates as margins shrink", "{name} {q} profit falls {n}%, shares under pressure"),
        ("{name} reports {q} results in line with expectations", "What to watch when {name} reports {q} earnings"),
        ("{name} beats {q} estimates, profit up {n}%", "{name} posts record {q} revenue on strong demand"),
        ("{name} verfehlt Erwartungen im Quartal", "{name} legt Zahlen vor", "{name} übertrifft Erwartungen deutlich"),
    ),
    Topic(
        "earnings",
        ("{name} cuts full-year outlook, cites weak orders", "{name} warns on profit as costs rise {n}%"),
        ("{name} reaffirms full-year outlook", "{name} to hold investor day next month"),
        ("{name} raises full-year outlook", "{name} lifts guidance for second time this year"),
        ("{name} senkt Ausblick für das Gesamtjahr", "{name} bestätigt Ausblick", "{name} erhöht Prognose kräftig"),
    ),
    Topic(
        "financial_markets",
        ("Analysts downgrade {name} to sell, see {n}% downside", "{name} slides after downgrade"),
        ("Analysts keep {name} at hold", "{name} coverage started at neutral"),
        ("Analysts upgrade {name} to buy, see {n}% upside", "{name} climbs as analysts turn positive"),
        (
            "Analysten stufen {name} herab",
            "Analysten belassen {name} auf «Halten»",
            "Analysten heben {name} auf «Kaufen»",
        ),
    ),
    Topic(
        "technology",
        ("{name} delays flagship launch to next year", "{name} halts shipments after fault is found"),
        ("{name} shows new line at trade fair", "{name} publishes roadmap for coming year"),
        ("{name} unveils new platform, early orders top {m} million", "{name} wins patent fight over key design"),
        (
            "{name} verschiebt Markteinführung",
            "{name} zeigt Neuheiten auf der Messe",
            "{name} überrascht mit neuem Produkt",
        ),
    ),
    Topic(
        "manufacturing",
        ("{name} loses ${m} million contract", "Fire shuts {name} plant, output cut by {n}%"),
        ("{name} opens office in Rotterdam", "{name} renews supply agreement"),
        ("{name} wins ${m} million contract", "{name} expands plant as order book swells"),
        ("{name} verliert Großauftrag", "{name} verlängert Liefervertrag", "{name} erhält Großauftrag über {m} Mio."),
    ),
    Topic(
        "mergers_and_acquisitions",
        ("{name} walks away from deal with {other}", "Regulators move to block {name} takeover"),
        ("{name} said to weigh options for unit", "{name} and {other} extend partnership"),
        ("{name} to be bought at {n}% premium, sources say", "{name} agrees ${m} million purchase, sees savings"),
        (
            "{name} bricht Fusionsgespräche ab",
            "{name} prüft Optionen für Sparte",
            "{name} vor Übernahme: Aufschlag von {n} %",
        ),
    ),
    Topic(
        "economy_monetary",
        ("{name} among losers as rate worries return", "Tariff threat weighs on {name} and peers"),
        ("Sector wrap: {name}, {other} little changed", "Traders eye {name} ahead of Fed minutes"),
        ("{name} leads sector higher on softer inflation", "Rate-cut hopes lift {name} and {other}"),
        ("Zinssorgen drücken {name}", "Wochenrückblick: {name} kaum verändert", "Zinshoffnung beflügelt {name}"),
    ),
    Topic(
        "finance",
        (
            "{name} faces probe over accounting",
            "{name} sued by investors over disclosures",
            "{name} chief financial officer quits",
        ),
        ("{name} names new board member", "{name} files annual report", "{name} sets date for shareholder meeting"),
        (
            "{name} announces ${m} million buyback",
            "{name} raises dividend by {n}%",
            "{name} settles long-running lawsuit",
        ),
        (
            "Ermittlungen gegen {name}: Kurs gibt nach",
            "{name} beruft neues Verwaltungsratsmitglied",
            "{name} kündigt Rückkauf an",
        ),
    ),
)

SUMMARIES = (
    "{name} ({ticker}) was in focus after the news, which traders called {tone}.",
    "The announcement from {name} is seen as {tone} for the shares, people familiar with the matter said.",
    "“We will keep our word,” the company said. Observers called the step {tone}; {name} trades as {ticker}.",
    "Shares of {name} drew attention. Volume was {n}% above its usual level & the mood {tone}.",
)
TONES = ("clearly negative", "neutral", "clearly positive")
REASONS = (
    "The article reports a setback that is likely to weigh on {name}'s results.",
    "The company is mentioned without a clear judgement of its prospects.",
    "The article reports progress that is likely to support {name}'s results.",
)
KEYWORDS = ("earnings", "guidance", "stocks", "markets", "investing", "dividends", "regulation", "M&A", "supply chain")


def tone(sentiment: float) -> int:
    """0 bad, 1 neutral, 2 good."""
    return 0 if sentiment < -0.1 else 2 if sentiment > 0.1 else 1
