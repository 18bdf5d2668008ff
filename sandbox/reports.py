"""Quarterly and annual reports of the simulated companies, as rows of pystock's `reports.csv`."""

from datetime import timedelta

import numpy as np

from sandbox.market import Market
from sandbox.randomness import stream

QUARTER = 63
COLUMNS = (
    "symbol", "end_date", "amend", "period_focus", "fiscal_year", "doc_type", "revenues", "op_income", "net_income",
    "eps_basic", "eps_diluted", "dividend", "assets", "cur_assets", "cur_liab", "cash", "equity", "cash_flow_op",
    "cash_flow_inv", "cash_flow_fin",
)  # fmt: skip
MISSING_SHARE, AMENDED_SHARE = 0.06, 0.04


def write_reports(market: Market, session: int) -> str:
    """The reports filed on a session's day with their header; an empty text if there are none, as in the collection."""
    lines = [_report(market, session, place) for place in _filing(market, session)]
    return "".join(f"{line}\r\n" for line in (",".join(COLUMNS), *lines)) if lines else ""


def _filing(market: Market, session: int) -> list[int]:
    """Each company files once a quarter, on a day of its own."""
    universe = market.universe
    due = (session + 37 * np.arange(len(universe))) % QUARTER == 0
    filing = np.flatnonzero(due & universe.listed(session) & ~universe.is_fund & ~universe.is_otc).tolist()
    return [place for place in filing if "." not in universe.securities[place].ticker]


def _report(market: Market, session: int, place: int) -> str:
    rng = stream(market.seed, f"report {place}", session)
    day = market.sessions.dates[session]
    end = day.replace(day=1) - timedelta(days=1)
    quarter = (session // QUARTER + place) % 4 + 1
    revenues = float(rng.lognormal(18.5, 1.2))
    assets = revenues * float(rng.uniform(1.5, 6))
    income = revenues * float(rng.normal(0.06, 0.08))
    shares = float(market.universe.shares[place]) * 60
    eps = round(income / shares, 2)
    amounts = [revenues, income * 1.4, income, eps, round(eps * 0.98, 2), round(max(eps, 0.0) * 0.3, 3), assets]
    amounts += [assets * share for share in (0.35, 0.2, 0.08, 0.45, 0.03, -0.02, -0.01)]
    texts = [
        "" if rng.random() < MISSING_SHARE else str(amount if abs(amount) < 1000 else float(round(amount, -3)))
        for amount in amounts
    ]
    ticker = market.universe.securities[place].ticker
    period, kind = ("FY", "10-K") if quarter == 4 else (f"Q{quarter}", "10-Q")
    return ",".join([ticker, str(end), str(bool(rng.random() < AMENDED_SHARE)), period, str(end.year), kind, *texts])
