"""What is stored does not depend on the user's environment: locale, time zone, PG* variables, limits, terminal."""

import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ingestion.config import Settings
from tests.integration.test_machines import AS_ROOT, BIN
from tests.shared import ROOT
from tests.soak import in_full
from tests.warehouse import discard, rows

numbers = itertools.count()
UNSET = ""
FOREIGN = {
    "PGSERVICE": "nosuch",
    "PGPASSFILE": "/etc/hostname",
    "PGSSLMODE": "require",
    "PGCHANNELBINDING": "require",
    "PGOPTIONS": "-c nosuch=1",
    "PGPORT": "often",
    "PGUSER": "nobody_at_all",
    "PGHOST": "",
    "PGDATABASE": "",
}
SESSION = {"PGCLIENTENCODING": "LATIN1", "PGTZ": "Asia/Tokyo", "PGDATESTYLE": "German, DMY", "PGGEQO": "off"}
LANGUAGES = {
    "C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "POSIX, no Python UTF-8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:replace"},
    "a locale that is not installed": {"LC_ALL": "tr_TR.UTF-8", "LANG": "xx_YY"},
}
ZONES = {zone: {"TZ": zone} for zone in ("Asia/Kathmandu", "Nowhere/At_All", ":", "XYZ-14", "America/St_Johns")}
TERMINALS = {
    "dumb": {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "20", "PYTHONOPTIMIZE": "2"},
    "narrow": {"COLUMNS": "1", "FORCE_COLOR": "1"},
}
ALONE = {
    **{name: {name: text} for name, text in (FOREIGN | SESSION).items()},
    "PGCLIENTENCODING=nosuch": {"PGCLIENTENCODING": "nosuch"},
    "PGCLIENTENCODING=SQL_ASCII": {"PGCLIENTENCODING": "SQL_ASCII"},
    "PGTZ=Mars": {"PGTZ": "Mars"},
    **LANGUAGES,
    **ZONES,
    **TERMINALS,
    "no HOME": {"HOME": UNSET},
    "a HOME that is not there": {"HOME": "/nonexistent/home"},
    "a HOME that is read-only": {"HOME": "/proc"},
}
LIMITS = {"umask 077": "umask 077", "umask 000": "umask 000", "64 open files": "ulimit -n 64"}
COMPOSITE = {
    "an old shell with another server's settings": (
        FOREIGN | SESSION | LANGUAGES["POSIX, no Python UTF-8"] | TERMINALS["dumb"] | {"TZ": "Nowhere/At_All"},
        "umask 077; ulimit -n 100",
    ),
    "a container without a home": (
        SESSION | LANGUAGES["C"] | {"HOME": UNSET, "TZ": "XYZ-14", "COLUMNS": "1", "PGCLIENTENCODING": "SQL_ASCII"},
        "umask 000",
    ),
}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Settings]:
    """An embedded warehouse that the first command starts, in the environment it has."""
    folder = Path(tempfile.mkdtemp(prefix="loom-"))
    folder.chmod(0o755)
    yield Settings(ROOT, folder / "home", "live")
    discard(folder)


def shell(settings: Settings, script: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script in the project's folder with nothing but these variables and PATH (empty HOME: unset)."""
    given = {"PATH": f"{BIN}:{os.defpath}", "HOME": str(settings.home.parent), "MARKETLOOM_HOME": str(settings.home)}
    given |= variables
    if not given["HOME"]:
        del given["HOME"]
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=given,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def loads_and_shows(settings: Settings, variables: Mapping[str, str], before: str = ":", *, restart: bool) -> None:
    title, path = f"Ünïcode {next(numbers)} “日本”", settings.home.parent / "headlines.csv"
    path.write_text(f"title,date,stock\n{title},2020-01-31 23:30:00-05:00,AB\n", encoding="utf-8")
    query = f"select count(*), min(date) from raw_headlines.headlines where title = '{title}'"
    stop = "marketloom down && marketloom up &&" if restart else ""
    script = f"{before}; {stop} marketloom backfill headlines '{path}' && marketloom status && marketloom psql -c"
    done = shell(settings, f'{script} "{query}"', variables)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "Traceback" not in told and "2020-02-01 04:30:00+00" in done.stdout, told
    assert rows(settings, query)[0][0] == 1, told


@pytest.mark.parametrize("name", COMPOSITE)
def test_what_is_stored_does_not_depend_on_the_environment(warehouse: Settings, name: str) -> None:
    variables, before = COMPOSITE[name]
    loads_and_shows(warehouse, variables, before, restart=True)


@in_full
@pytest.mark.parametrize("name", ALONE)
def test_each_variable_alone_changes_nothing(warehouse: Settings, name: str) -> None:
    loads_and_shows(warehouse, ALONE[name], restart=False)


@in_full
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("name", LIMITS)
def test_limits_and_masks_of_the_shell_change_nothing(warehouse: Settings, name: str, restart: bool) -> None:
    loads_and_shows(warehouse, {}, LIMITS[name], restart=restart)


def test_dbt_builds_the_same_in_a_session_of_any_encoding_and_zone(settings: Settings) -> None:
    headlines = settings.home.parent / "headlines.csv"
    headlines.write_text("title,date,stock\nFönix climbs | Wire,2020-01-31 23:30:00-05:00,AB\n", encoding="utf-8")
    variables = {name: os.environ[name] for name in ("PGHOST", "PGUSER", "PGDATABASE")}
    found = set()
    folder = settings.home.parent
    options = f"-s +int_articles__versioned --full-refresh --target-path {folder}/target --log-path {folder}/logs"
    done = shell(settings, f"marketloom backfill headlines '{headlines}'", variables)
    assert done.returncode == 0, done.stdout + done.stderr
    for own in ({}, SESSION):
        done = shell(settings, f"dbt run {options}", variables | own)
        assert done.returncode == 0, done.stdout + done.stderr
        query = "select (to_jsonb(a) - '_updated_at')::text from intermediate.int_articles__versioned as a"
        (one,) = rows(settings, query)
        found.add(one)
    assert len(found) == 1 and "Fönix" in next(iter(found))[0]


@AS_ROOT
def test_another_user_needs_nothing_but_a_folder_of_his_own(warehouse: Settings) -> None:
    home = warehouse.home.parent / "nobody"
    home.mkdir()
    os.chown(home, 65534, 65534)
    # The interpreter may be in a folder that only root can enter: reading is allowed, writing is not.
    read = "--inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
    become = f"setpriv --reuid 65534 --regid 65534 --clear-groups {read}"
    if subprocess.run([*become.split(), "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root pass a capability on")
    own = Settings(ROOT, home / "home", "live")
    path = home / "headlines.csv"
    path.write_text("title,date,stock\nÜ,2020-01-31 23:30:00-05:00,AB\n", encoding="utf-8")
    script = f"{become} marketloom up && {become} marketloom backfill headlines '{path}' && {become} marketloom down"
    done = shell(own, script, {"HOME": UNSET})
    assert done.returncode == 0 and "stopped" in done.stdout, done.stdout + done.stderr
    denied = shell(own, f"MARKETLOOM_HOME=/proc/none {become} marketloom up", {})
    assert denied.returncode == 1 and "/proc/none" in denied.stderr and "Traceback" not in denied.stderr, denied.stderr
