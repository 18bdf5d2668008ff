"""When the simulated providers were down. Only requests that carry their own time can meet an outage.

A collector of the past finds them; whoever asks at the present is never refused at random.
"""

from datetime import datetime, timedelta

from sandbox.sessions import Sessions, utc

# Of every so many sessions one, in the order of the sessions.
DOWN = {"polygon": (41, 11), "alpha_vantage": (53, 29)}
BEGINS, LASTS = timedelta(hours=-1), timedelta(hours=14)


def is_down(sessions: Sessions, provider: str, instant: datetime) -> bool:
    """Whether a provider answers 503: from an hour before the close of some sessions to the next morning."""
    if provider not in DOWN:
        return False
    every, which = DOWN[provider]
    # The only session that may have closed within the time that an outage lasts, or closes soon.
    session = sessions.containing((instant - LASTS).timestamp())
    return session % every == which and instant >= utc(float(sessions.closes[session])) + BEGINS
