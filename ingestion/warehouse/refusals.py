"""Say why the warehouse did not accept a connection, and what to do."""

import re

from ingestion.config import Settings

NOT_YET = ("starting up", "shutting down", "recovery mode", "not yet accepting")
FULL = ("too many clients", "connection slots", "too many connections")
DENIED = ("authentication failed", "no password supplied", "pg_hba.conf", "does not exist", "not permitted to log in")


def is_up(reason: str) -> bool:
    """True if the words of a failed connection are those of a server that runs, and refuses this one connection."""
    return "FATAL:" in reason and not any(words in reason for words in NOT_YET)


def explained(settings: Settings, reason: str) -> str:
    """The reason of a failed connection in one line, with its remedy. libpq's reasons hold no password."""
    reason = " ".join(reason.split())
    if re.search('database ".*" does not exist', reason):
        return f"database {settings.database} does not exist yet: run `marketloom up --target {settings.target}`"
    server = "the embedded warehouse" if settings.is_embedded else "the warehouse that PGHOST names"
    if any(words in reason for words in FULL):
        return (
            f"{server} has no free connection: {reason}; wait until other programs have closed theirs, "
            "or raise max_connections"
        )
    if any(words in reason for words in NOT_YET):
        return f"{server} is not ready yet: {reason}; try again in a moment"
    if settings.is_embedded and "Permission denied" in reason:
        return f"the embedded warehouse in {settings.warehouse_folder} belongs to another user: set MARKETLOOM_HOME"
    if settings.is_embedded and not is_up(reason):
        return f"the embedded warehouse in {settings.warehouse_folder} is not running: start it with `marketloom up`"
    if any(words in reason for words in DENIED):
        return f"{server} refuses the login: {reason}; check PGUSER and PGPASSWORD, or the server's pg_hba.conf"
    return f"{server} does not respond: {reason}; check PGHOST, PGPORT, PGUSER and PGPASSWORD"
