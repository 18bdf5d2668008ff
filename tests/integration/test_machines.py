"""The embedded server on real machines: odd folders, other users, what a crash leaves, full disks."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg2
import pytest

from ingestion import postgres
from ingestion.config import Settings
from ingestion.warehouse import account, embedded
from ingestion.warehouse.account import ServerError
from ingestion.warehouse.roles import LOADER
from ingestion.warehouse.server import Warehouse, WarehouseError
from tests.shared import ROOT
from tests.soak import in_full
from tests.warehouse import discard, rows, value

BIN = Path(sys.executable).parent
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and run as another user")
LONG = "a-folder-with-a-long-name/" * 8
SHAPES = [LONG, 'it\'s "q" $HOME `x` %s 100% @#?&;|', "with blank", "Fönix-日本", "a::b [x]* {y}"]
HEADLINES = "title,date,stock\nÜber 日本 €,2020-01-01 23:30:00-05:00,AB\n"


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder with a short path that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="loom-"))
    folder.chmod(0o755)
    yield folder
    discard(folder)


@pytest.fixture(scope="module")
def stopped() -> Iterator[Settings]:
    """A warehouse that was created once; each test starts it, and leaves it in any condition."""
    folder = Path(tempfile.mkdtemp(prefix="loom-"))
    folder.chmod(0o755)
    settings = Settings(ROOT, folder, "live")
    Warehouse(settings)._start()
    yield settings
    discard(folder)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    options = f"size={megabytes}m"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def command(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `marketloom` or `dbt` as a user does, on the embedded warehouse of a home."""
    personal = ("PG", "MARKETLOOM", "SOURCES", "DBT_", "LC_", "TZ")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(personal)}
    program, *rest = arguments
    return subprocess.run(
        [str(BIN / program), *rest],
        cwd=ROOT,
        env={**kept, "MARKETLOOM_HOME": str(home), "DBT_TARGET_PATH": str(home / "target"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def modes(folder: Path) -> dict[Path, int]:
    return {place: stat.S_IMODE(place.stat().st_mode) for place in (folder, *folder.parents)}


def kill(settings: Settings) -> int:
    """Kill the server as a power cut does, and return the number it had."""
    process = embedded.postmaster(settings.warehouse_folder)
    assert process is not None
    process.kill()
    psutil.wait_procs([process], timeout=30)
    return process.pid


@pytest.mark.parametrize("shape", [*SHAPES[:2], *(pytest.param(shape, marks=in_full) for shape in SHAPES[2:])])
def test_a_folder_of_any_name_holds_a_warehouse(base: Path, shape: str) -> None:
    settings = Settings(ROOT, base / shape / "home", "live")
    headlines = base / "headlines.csv"
    headlines.write_text(HEADLINES)
    done = command(settings.home, "marketloom", "backfill", "headlines", str(headlines))
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(settings, "select title from raw_headlines.headlines") == [("Über 日本 €",)]
    with psycopg2.connect(settings.dsn(role=LOADER)) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('client_encoding')")
        assert cursor.fetchone() == (LOADER, "UTF8")
    connection.close()
    told = command(settings.home, "marketloom", "status").stdout
    assert str(settings.socket_folder) in told
    if shape in SHAPES[:2]:  # plain dbt computes the same place by itself
        dbt = command(settings.home, "dbt", "debug", "--connection", "--log-path", str(base / "logs"))
        assert dbt.returncode == 0, dbt.stdout
    assert Warehouse(settings).down() is True
    assert not postgres.alias_folder(settings.warehouse_folder).exists()


def test_a_server_that_was_killed_starts_at_once_whoever_has_its_number_now(stopped: Settings) -> None:
    lock = stopped.warehouse_folder / "postmaster.pid"
    for content in (str(os.getpid()), "1", "", "nonsense", str(2**31)):
        Warehouse(stopped)._start()
        kill(stopped)
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([content, *lines[1:]]) + "\n" if content.isdigit() else content)
        assert embedded.postmaster(stopped.warehouse_folder) is None and not Warehouse(stopped).is_running()
        assert Warehouse(stopped).down() is False, "another process was taken for the server"
        Warehouse(stopped)._start()
        assert Warehouse(stopped).is_running()


def test_a_second_start_finds_the_server_that_runs(stopped: Settings) -> None:
    Warehouse(stopped)._start()
    process = embedded.postmaster(stopped.warehouse_folder)
    Warehouse(stopped)._start()
    assert process == embedded.postmaster(stopped.warehouse_folder)


def test_a_server_that_cannot_start_says_why(stopped: Settings) -> None:
    Warehouse(stopped).down()
    own = stopped.warehouse_folder / "postgresql.auto.conf"
    own.write_text("shared_preload_libraries = 'nosuch'\n")
    try:
        with pytest.raises(ServerError, match=r'did not start: could not access file "nosuch".*see .*/log'):
            Warehouse(stopped)._start()
    finally:
        own.write_text("")


def test_what_an_interrupted_creation_left_is_removed_and_foreign_files_are_not(base: Path) -> None:
    settings = Settings(ROOT, base / "home", "live")
    (base / "home" / "warehouse.new" / "base").mkdir(parents=True)
    Warehouse(settings)._start()
    assert Warehouse(settings).down() is True
    other = Settings(ROOT, base / "other", "live")
    other.warehouse_folder.mkdir(parents=True)
    (other.warehouse_folder / "thesis.txt").write_text("dear")
    with pytest.raises(ServerError, match="not empty and holds no PostgreSQL database: move it away"):
        Warehouse(other)._start()
    assert (other.warehouse_folder / "thesis.txt").read_text() == "dear"


@AS_ROOT
def test_private_folders_stay_private_when_root_starts_the_server(base: Path) -> None:
    home = base / "private" / "project" / ".marketloom"
    home.mkdir(parents=True)
    (base / "private").chmod(0o700)
    before = modes(home)
    settings = Settings(ROOT, home, "live")
    for _ in range(2):
        Warehouse(settings)._start()
        assert modes(home) == before
        assert Warehouse(settings).down() is True
    place = settings.warehouse_folder.resolve()
    assert place.parent == account.ELSEWHERE and stat.S_IMODE(place.stat().st_mode) == 0o700
    assert place.stat().st_uid != 0
    lost = place.rename(place.with_name("lost"))
    with pytest.raises(ServerError, match="which is gone: bring it back, or remove the link"):
        Warehouse(settings)._start()
    lost.rename(place)


@AS_ROOT
def test_programs_that_the_servers_account_cannot_reach_are_copied(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = base / "hidden" / "pginstall18"
    hidden.parent.mkdir(mode=0o700)
    hidden.symlink_to(account.programs().parent)
    monkeypatch.setattr(account, "programs", lambda: hidden / "bin")
    monkeypatch.setattr(account, "ELSEWHERE", base / "elsewhere")
    settings = Settings(ROOT, base / "home", "live")
    before = modes(hidden.parent)
    Warehouse(settings)._start()
    assert modes(hidden.parent) == before and Warehouse(settings).is_running()
    assert next((base / "elsewhere").glob("postgresql-18-*/*/pginstall18/bin/postgres")).exists()


@AS_ROOT
def test_root_runs_the_server_of_another_user_as_that_user(base: Path) -> None:
    settings = Settings(ROOT, base / "home", "live")
    settings.home.mkdir()
    settings.warehouse_folder.mkdir(mode=0o700)
    os.chown(settings.warehouse_folder, 65534, 65534)
    Warehouse(settings)._start()
    process = embedded.postmaster(settings.warehouse_folder)
    assert process is not None and process.uids().real == 65534


@AS_ROOT
def test_a_link_of_another_user_in_the_temporary_folder_is_not_used(base: Path) -> None:
    settings = Settings(ROOT, base / LONG / "home", "live")
    place = postgres.alias_folder(settings.warehouse_folder)
    place.mkdir()
    os.chown(place, 65534, 65534)
    try:
        Warehouse(settings)._start()
        assert Warehouse(settings).is_running() and place.stat().st_uid == 0
        # A link that was removed is made again, with the server running.
        shutil.rmtree(place)
        Warehouse(settings)._start()
        assert Warehouse(settings).is_running()
        assert Warehouse(settings).down() is True and not place.exists()
    finally:
        for left in place.parent.glob(f"{place.name}*"):
            shutil.rmtree(left)


@AS_ROOT
def test_a_full_disk_is_named_and_the_next_run_loads_what_was_kept(settings: Settings, base: Path) -> None:
    headlines = base / "headlines.csv"
    lines = [f"Headline {n * 7919 % 999983} of {n},2020-01-01 10:00:00-05:00,AB{n % 9}\n" for n in range(200_000)]
    headlines.write_text("title,date,stock\n" + "".join(lines))
    before = ("marketloom", "backfill", "headlines", str(headlines))
    variables = {name: os.environ[name] for name in ("PGHOST", "PGUSER", "PGDATABASE")}
    disk = base / "disk"
    with small_disk(disk, 1):
        places = {"landing": {"MARKETLOOM_LANDING": str(disk / "landing")}, "home": {}}
        for name, own in places.items():
            home = base / "state" if name == "landing" else disk / "state"
            done = command(home, *before, **variables, **own)
            assert done.returncode == 1, done.stdout
            assert f"the disk is full: no space left for {disk}" in done.stdout + done.stderr, done.stdout
            assert "free some space and run again" in done.stdout + done.stderr
            assert "Traceback" not in done.stdout + done.stderr and "unexpected" not in done.stdout
            shutil.rmtree(disk / "state", ignore_errors=True)
            shutil.rmtree(disk / "landing", ignore_errors=True)
    done = command(base / "state", *before, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert value(settings, "select count(*) from raw_headlines.headlines") == 200_000


@AS_ROOT
def test_a_full_disk_of_the_server_is_named(base: Path) -> None:
    headlines = base / "headlines.csv"
    headlines.write_text(HEADLINES + "".join(f"{n} {'x' * 400},2020-01-01 10:00:00-05:00,AB\n" for n in range(60_000)))
    settings = Settings(ROOT, base / "disk" / "home", "live")
    backfill = ("marketloom", "backfill", "headlines", str(headlines))
    landing = {"MARKETLOOM_LANDING": str(base / "landing")}
    with small_disk(base / "disk", 20):
        done = command(settings.home, "marketloom", "up")
        assert done.returncode == 1 and "cannot be created: the disk is full" in done.stderr, done.stderr
    with small_disk(base / "disk", 300):
        assert command(settings.home, "marketloom", "up").returncode == 0
        filler, free = base / "disk" / "filler", shutil.disk_usage(base / "disk").free
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - 25 * 1024 * 1024)
        done = command(settings.home, *backfill, **landing)
        assert done.returncode == 1 and "disk is full" in done.stdout, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr and "unexpected" not in done.stdout
        filler.unlink()
        command(settings.home, "marketloom", "up")
        done = command(settings.home, *backfill, **landing)
        assert done.returncode == 0, done.stdout
        assert value(settings, "select count(*) from raw_headlines.headlines") == 60_001
        Warehouse(settings).down()


def test_a_refused_connection_says_what_to_check(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Warehouse(settings).connect(database="postgres", autocommit=True) as connection:
        connection.cursor().execute("drop role if exists lone; create role lone login connection limit 0")
    monkeypatch.setenv("PGUSER", "lone")
    with pytest.raises(WarehouseError, match=r"no free connection: .*too many connections"):
        Warehouse(settings).status()
    assert Warehouse(settings).is_running()
    for name, text, words in (
        ("PGUSER", "nobody_at_all", r"refuses the login: .*check PGUSER and PGPASSWORD"),
        ("PGHOST", "nosuch.invalid", r"does not respond: could not translate host name.*check PGHOST"),
        ("PGPORT", "often", r"PGPORT must be a port number such as 5432; it is 'often'"),
        ("PGSERVICE", "nosuch", r"does not respond: definition of service \"nosuch\" not found"),
    ):
        with monkeypatch.context() as patch, pytest.raises(Exception, match=words):
            patch.setenv("PGUSER", "postgres")
            patch.setenv(name, text)
            Warehouse(settings).status()


def test_a_home_that_cannot_be_made_is_named(base: Path) -> None:
    (base / "file").write_text("")
    done = command(base / "file" / "home", "marketloom", "up")
    assert done.returncode == 1 and str(base / "file") in done.stderr and "Traceback" not in done.stderr
    done = command(base / "home", "marketloom", "ingest", "rss", MARKETLOOM_LANDING="s4://bucket")
    assert done.returncode == 2 and "MARKETLOOM_LANDING must be a folder or an fsspec URL" in done.stderr
    discard(base / "home")


def test_the_link_follows_a_rule_that_profiles_know(stopped: Settings) -> None:
    short, longer = Path("/" + "a" * 87), Path("/" + "é" * 44)
    assert postgres.socket_folder(short) == short
    assert postgres.socket_folder(longer) == postgres.alias_folder(longer) / "warehouse"
    profile = (ROOT / "profiles.yml.example").read_text()
    assert f"length <= {postgres.LONGEST_FOLDER} " in profile and f"'{postgres.ALIASES}/marketloom-'" in profile
    assert replace(stopped, target="sandbox").socket_folder == stopped.socket_folder


def test_stopping_needs_no_connection(stopped: Settings) -> None:
    Warehouse(stopped)._start()
    process = embedded.postmaster(stopped.warehouse_folder)
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)  # it does not respond
    os.kill(process.pid, signal.SIGCONT)
    assert Warehouse(stopped).down() is True and Warehouse(stopped).down() is False
