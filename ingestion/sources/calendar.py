"""The New York Stock Exchange's calendar (XNYS): every date, with its session if it has one.

The days are generated with exchange_calendars (https://github.com/gerrymanoim/exchange_calendars) and landed as CSV.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ingestion.errors import MarketloomError
from ingestion.model import Member, Parsed, Response, Source
from ingestion.parsing.delimited import parse_delimited
from ingestion.parsing.layout import Layout
from ingestion.parsing.schema import table

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

EXCHANGE = "XNYS"
FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)  # the dates that parsers accept, and well within those of pandas
NEIGHBOURS = timedelta(days=14)  # longer than any closure since 2000: every day has a session before and after it

DAYS = table(
    "days",
    "One calendar date of one exchange, whether it trades on it or not.",
    "exchange text! Market identifier code (MIC) of the exchange.",
    "date date! The exchange's own date.",
    "is_session boolean! Whether the exchange trades on this date.",
    "open_at timestamptz When trading opens; null without a session.",
    "close_at timestamptz When trading closes; null without a session.",
    "is_half_day boolean! Whether the session closes early.",
    "holiday_name text Name of the holiday or closure, where the calendar gives one.",
    "previous_session date The last session before this date.",
    "next_session date The first session after this date.",
)


def generate(first: date, last: date) -> Iterator[Member]:
    """The calendar from `first` to `last`, both included, as one CSV member."""
    if first > last:
        raise MarketloomError(f"calendar: {first} is after {last}; give the earlier date first")
    if first < FIRST or last > LAST:
        raise MarketloomError(f"calendar: it has the days from {FIRST} to {LAST}; {first} to {last} was asked for")
    from exchange_calendars import get_calendar  # here, because it takes a second and most commands do not need it

    calendar = get_calendar(EXCHANGE, start=str(first - NEIGHBOURS), end=str(last + NEIGHBOURS))
    hours = {
        session.date(): (opens.isoformat(), closes.isoformat())
        for session, opens, closes in zip(
            calendar.sessions, calendar.schedule["open"], calendar.schedule["close"], strict=True
        )
    }
    early = {session.date() for session in calendar.early_closes}
    names = _holiday_names(calendar, first, last)
    sessions = sorted(hours)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(DAYS.schema.names)
    upcoming = next(place for place, session in enumerate(sessions) if session >= first)
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        is_session = day in hours
        opens, closes = hours.get(day, ("", ""))
        following = upcoming + is_session
        name = "" if is_session else names.get(day, "")
        flags = (str(is_session).lower(), opens, closes, str(day in early).lower())
        writer.writerow((EXCHANGE, day, *flags, name, sessions[upcoming - 1], sessions[following]))
        upcoming = following
    yield Member("days", {"exchange": EXCHANGE, "first": str(first), "last": str(last)}, out.getvalue().encode())


def _holiday_names(calendar: "ExchangeCalendar", first: date, last: date) -> dict[date, str]:
    """The names of holidays, and of the unscheduled closures that the library lists by cause."""
    from exchange_calendars import us_holidays

    ruled = calendar.regular_holidays.holidays(str(first), str(last), return_name=True)
    names = {day.date(): str(name) for day, name in ruled.items()}
    for days, name in (
        (us_holidays.September11Closings, "September 11 attacks"),
        (us_holidays.HurricaneSandyClosings, "Hurricane Sandy"),
        (us_holidays.USNationalDaysofMourning, "National Day of Mourning"),
    ):
        names |= {day.date(): name for day in days}
    return names


def parse_days(response: Response) -> Parsed:
    """The generated days."""
    return parse_delimited(Layout(DAYS), response)


SOURCE = Source(
    name="calendar",
    description="Sessions, half days and holidays of the New York Stock Exchange, from exchange_calendars.",
    tables=(DAYS,),
    parsers={"days": parse_days},
    generate=generate,
)
