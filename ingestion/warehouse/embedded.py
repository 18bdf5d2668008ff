"""The embedded PostgreSQL server: start, stop and configure it.

Its settings are described in https://www.postgresql.org/docs/current/runtime-config.html. The socket is in the data
directory, and no program is started through a shell: a path may have any length and any characters.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from ingestion import postgres
from ingestion.warehouse.account import Account, ServerError, programs, server_account

MEBIBYTE = 1024 * 1024
FULL = "No space left on device"
LARGEST_PID = 2**31
ORPHANS = 60  # seconds
PATIENCE = 600  # seconds: after a crash, a server replays its log before it accepts connections


def start(folder: Path, is_running: Callable[[], bool], environment: Mapping[str, str]) -> None:
    """Start the server of a data directory, which is created if missing. Safe to repeat and to run concurrently.

    Raises ServerError with the server's own words if it does not start.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        link(folder)
        account = server_account(folder)
        if not (folder / "PG_VERSION").exists():
            _create(folder, account, environment)
        if os.geteuid() in (0, folder.stat().st_uid):
            folder.chmod(0o700)
        if not postmaster(folder):
            _configure(folder, account)
            _launch(folder, account, is_running, environment)
        elif not _comes_up(is_running, lambda: postmaster(folder) is not None):
            raise ServerError("the embedded server runs, but does not accept connections; see its log")


def stop(folder: Path) -> bool:
    """Stop the server of a data directory; open transactions are rolled back. False if it does not run."""
    if folder.exists() and not os.access(folder, os.X_OK):
        raise ServerError(f"the embedded warehouse in {folder} belongs to another user, who can stop it")
    process = postmaster(folder)
    if process:
        try:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            process.wait(PATIENCE)
        except psutil.AccessDenied:
            raise ServerError(f"the embedded server belongs to {process.username()}, who can stop it") from None
        except psutil.TimeoutExpired:
            raise ServerError(
                f"the embedded server has not stopped within {PATIENCE} s; see {folder / 'log'}"
            ) from None
    shutil.rmtree(postgres.alias_folder(folder), ignore_errors=True)
    return process is not None


def postmaster(folder: Path) -> psutil.Process | None:
    """The process of a data directory's server. After a crash, postmaster.pid may name another's."""
    try:
        process = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if _serves(process, folder) else None


def _serves(process: psutil.Process, folder: Path) -> bool:
    """True if a process is one of PostgreSQL in a data directory, which it works in."""
    try:
        is_server = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
        return is_server and Path(process.cwd()).samefile(folder)
    except (OSError, psutil.Error):
        return False


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs."""
    return programs() / name


def link(folder: Path) -> None:
    """Make the link through which a data directory with a long path is reached; nothing if its path is short."""
    if postgres.socket_folder(folder) == folder:
        return
    place = postgres.alias_folder(folder)
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        if (
            not place.is_dir()
            or place.is_symlink()
            or place.stat().st_uid not in (os.geteuid(), folder.parent.stat().st_uid)
        ):
            try:
                place.rename(place.with_name(f"{place.name}.{time.time_ns()}"))
                place.mkdir(mode=0o700)
            except PermissionError:
                raise ServerError(
                    f"{place}, through which the server in {folder} is reached, belongs to another user: remove it, "
                    "or set MARKETLOOM_HOME to a folder with a shorter path"
                ) from None
    target = place / "warehouse"
    if not target.is_symlink() or target.readlink() != folder:
        target.unlink(missing_ok=True)
        target.symlink_to(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with folder.with_name("warehouse.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _create(folder: Path, account: Account, environment: Mapping[str, str]) -> None:
    """Create the data directory. It appears whole: what an interrupted start has left is removed."""
    final = folder.resolve()
    if final.exists() and any(final.iterdir()):
        raise ServerError(f"{folder} is not empty and holds no PostgreSQL database: move it away")
    new = final.with_name(f"{final.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    account.take(new)
    options = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--username=postgres", "--pgdata=.")
    command = [str(account.programs / "initdb"), *options]
    done = subprocess.run(
        command,
        cwd=new,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        **account.process,
    )
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        raise ServerError(f"the embedded warehouse cannot be created: {_reason(done.stderr.decode(errors='replace'))}")
    new.rename(final)


def _configure(folder: Path, account: Account) -> None:
    tuned = tuned_for(psutil.virtual_memory().total)
    tuning, main = folder / "postgresql.marketloom.conf", folder / "postgresql.conf"
    _write(tuning, "".join(f"{name} = {value}\n" for name, value in tuned.items()), account)
    include, text = f"include '{tuning.name}'\n", main.read_text(errors="surrogateescape")
    if include not in text:
        _write(main, text + include, account)


def _write(path: Path, text: str, account: Account) -> None:
    """Write a file anew, so that root never writes to where a link of the server's account leads."""
    partial = path.with_name(f"{path.name}.new")
    partial.unlink(missing_ok=True)
    with partial.open("x", errors="surrogateescape") as file:
        file.write(text)
    account.take(partial)
    partial.replace(path)


def _launch(folder: Path, account: Account, is_running: Callable[[], bool], environment: Mapping[str, str]) -> None:
    # The sessions of a killed server go on for a moment, and it cannot start while they do.
    psutil.wait_procs([process for process in psutil.process_iter() if _serves(process, folder)], timeout=ORPHANS)
    # A stale lock names a process that ended. PostgreSQL ignores it if another process has that number by now and is
    # named here as the starter's own parent; removing postmaster.pid would also switch its other checks off.
    with suppress(OSError):
        words = (folder / "postmaster.pid").read_text().split()
        if words and words[0].isdigit() and int(words[0]) < LARGEST_PID:
            environment = {**environment, "PG_GRANDPARENT_PID": words[0]}
        else:
            (folder / "postmaster.pid").unlink()
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (folder / name).unlink(missing_ok=True)
    data = folder.resolve()
    command = [str(account.programs / "postgres"), "-D", str(data), "-h", "", "-k", ".", "-p", postgres.EMBEDDED_PORT]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    log = os.open(data / "log", flags, 0o600)
    try:
        before = os.fstat(log).st_size
        server = subprocess.Popen(
            command,
            cwd=data,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **account.process,
        )
    finally:
        os.close(log)
    if not _comes_up(is_running, lambda: server.poll() is None):
        with (data / "log").open("rb") as file:
            file.seek(before)
            said = file.read().decode(errors="replace")
        raise ServerError(f"the embedded warehouse did not start: {_reason(said)}; see {folder / 'log'}")


def _comes_up(is_running: Callable[[], bool], is_alive: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not is_running():
        if time.monotonic() > deadline or not is_alive():
            return False
        time.sleep(0.05)
    return True


def _reason(said: str) -> str:
    """What a program of PostgreSQL complained about: its errors and hints, else its last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    marks = ("FATAL:", "PANIC:", "error:", "HINT:", "hint:")
    found = [line[line.index(mark) :].partition(":")[2].strip() for line in lines for mark in marks if mark in line]
    reason = "; ".join(dict.fromkeys(found)) or (lines[-1] if lines else "it said nothing")
    return f"the disk is full: {reason}; free some space and run again" if FULL in reason else reason


def tuned_for(memory: int) -> dict[str, str]:
    """Settings for analytics on a machine with `memory` bytes: few sessions, large scans, bulk loads."""

    def megabytes(share: float, least: int, most: int) -> str:
        return f"{max(least, min(most, int(memory * share / MEBIBYTE)))}MB"

    cores = psutil.cpu_count() or 1
    return {
        "shared_buffers": megabytes(0.25, 64, 16384),
        "effective_cache_size": megabytes(0.6, 128, 262144),
        "work_mem": megabytes(0.01, 8, 1024),
        "maintenance_work_mem": megabytes(0.04, 32, 4096),
        "max_wal_size": megabytes(0.15, 512, 16384),
        "min_wal_size": megabytes(0.01, 80, 1024),
        "checkpoint_timeout": "'15min'",
        # There is no replica: a table written in the transaction that creates it needs no log.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(max(1, cores // 2)),
        "timezone": "'UTC'",
        "log_min_duration_statement": "'30s'",
    }
