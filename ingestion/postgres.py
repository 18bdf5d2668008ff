"""How every client reaches the warehouse: parameters and addresses, from libpq's variables.

https://www.postgresql.org/docs/current/libpq-envars.html. Sessions have the same encoding, time zone and style of dates
everywhere: some of those variables would change what is stored.
"""

import hashlib
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingestion.errors import ConfigurationError

EMBEDDED_PORT = "5432"
NAMES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
# They change how values are sent and read, whatever the connection's options say.
SESSION_VARIABLES = ("PGTZ", "PGDATESTYLE", "PGGEQO")
SESSION_OPTIONS = "-c timezone=UTC -c datestyle=ISO"
LONGEST_FOLDER = 88  # bytes: the name of a Unix socket has 103 on macOS and 107 on Linux, its end is "/.s.PGSQL.5432"
ALIASES = Path("/tmp")  # profiles.yml names it too, so TMPDIR must not change it


def socket_folder(warehouse_folder: Path) -> Path:
    """The folder that clients of the embedded server name as its host; profiles.yml.example has the same rule.

    The socket is in the data directory. Where that path is too long for a socket's name, it is reached through a link.
    """
    name = os.fsencode(warehouse_folder)
    return warehouse_folder if len(name) <= LONGEST_FOLDER else alias_folder(warehouse_folder) / "warehouse"


def alias_folder(warehouse_folder: Path) -> Path:
    """The folder of the link to a data directory with a long path."""
    return ALIASES / f"marketloom-{hashlib.md5(os.fsencode(warehouse_folder), usedforsecurity=False).hexdigest()}"


def parameters(
    environment: Mapping[str, str], embedded: Path | None, database: str, role: str | None
) -> dict[str, str]:
    """libpq parameters for the embedded server's socket folder, or (None) for the server that the variables name.

    Raises ConfigurationError for a port that is no number.
    """
    found = {"dbname": database, "application_name": "marketloom", "client_encoding": "UTF8"}
    own = ""
    if embedded:
        found |= {"host": str(embedded), "port": EMBEDDED_PORT, "user": "postgres"}
    else:
        found |= {key: environment[name] for key, name in NAMES.items() if environment.get(name)}
        own = environment.get("PGOPTIONS", "") + " "
        port = found.get("port", EMBEDDED_PORT)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ConfigurationError(f"PGPORT must be a port number such as 5432; it is {port!r}")
    found["connect_timeout"] = environment.get("PGCONNECT_TIMEOUT") or "10"
    found["options"] = f"{own}{SESSION_OPTIONS}{f' -crole={role}' if role else ''}".strip()
    return found


def url(params: Mapping[str, Any], *, is_session: bool, password: bool) -> str:
    """The parameters as a URL; with `is_session`, those of the session too. A socket folder is the encoded host."""
    login = quote(params.get("user", ""), safe="")
    if password:
        # dlt requires a password; libpq treats an empty one as none.
        login += ":" + quote(params.get("password", ""), safe="")
    host = quote(params["host"], safe="") + (f":{params['port']}" if "port" in params else "")
    query = f"?options={quote(params['options'])}&client_encoding=utf8" if is_session else ""
    return f"postgresql://{login}@{host}/{quote(params['dbname'], safe='')}{query}"


def pin_session(environment: MutableMapping[str, str], *, is_embedded: bool) -> None:
    """Change the variables so that each session of this process and its children reads and writes the same.

    The embedded server takes nothing but the name of its database from them: PGSERVICE or PGPASSFILE are meant for
    other servers.
    """
    for name in [name for name in environment if name.startswith("PG")]:
        if name in SESSION_VARIABLES or (is_embedded and name not in (*NAMES.values(), "PGDATABASE")):
            del environment[name]
    environment["PGCLIENTENCODING"] = "UTF8"


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the embedded server: without a user's language, time zone and PG* variables."""
    personal = ("PG", "LC_", "LANG", "TZ")
    kept = {name: value for name, value in environment.items() if not name.startswith(personal)}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
