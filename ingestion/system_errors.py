"""Errors of the operating system and of PostgreSQL in words for the user: what is wrong, where, and what to do."""

import errno
import getpass
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg2
from psycopg2 import errors as pg

FULL = (errno.ENOSPC, errno.EDQUOT)
LEAST_FREE = 64 * 1024 * 1024  # bytes: four segments of the write-ahead log
KEPT = "what was landed is kept: free some space and run again"


def explained(error: BaseException, folders: Iterable[Path] = ()) -> str | None:
    """One line about the error that is at the root of `error`; None if it is neither system's nor PostgreSQL's.

    `folders` are those that were written to: an error of a full disk often does not say which one it is.
    """
    for cause in _chain(error):
        if isinstance(cause, psycopg2.Error):
            return _of_postgres(cause, folders)
        if isinstance(cause, OSError) and cause.errno in errno.errorcode and not isinstance(cause, ConnectionError):
            return _of_system(cause, folders)
    return None


def is_of_input(error: BaseException) -> bool:
    """True unless the system or the server broke off: the same input would fail again."""
    broken = (OSError, psycopg2.OperationalError, psycopg2.InterfaceError)
    return not any(isinstance(cause, broken) for cause in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from; dlt keeps its cause in a field."""
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = getattr(found, "exception", None) or found.__cause__ or found.__context__


def _of_system(error: OSError, folders: Iterable[Path]) -> str:
    place = str(error.filename2 or error.filename or "")
    if error.errno in FULL:
        fullest = min(folders, key=_free, default=None)
        full = place or str(fullest or "a folder of marketloom")
        return f"the disk is full: no space left for {full}; {KEPT}"
    if error.errno in (errno.EACCES, errno.EPERM):
        remedy = "give the permission, or set MARKETLOOM_HOME to a folder of your own"
        return f"{place or 'a file'}: permission denied for user {_user()}; {remedy}"
    if error.errno == errno.EROFS:
        return f"{place or 'a folder'} is read-only: set MARKETLOOM_HOME to a folder that can be written"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return f"too many open files (the limit is {limit}): raise it, for example with `ulimit -n 1024`, and run again"
    return f"{place}: {error.strerror}; correct it and run again" if place else f"{error.strerror}; run again"


def _of_postgres(error: psycopg2.Error, folders: Iterable[Path]) -> str:
    reason = " ".join((error.diag.message_primary or str(error)).split())
    if isinstance(error, pg.DiskFull):
        return f"PostgreSQL's disk is full: {reason}; {KEPT}"
    fullest = min(folders, key=_free, default=None)
    if (
        isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        and fullest
        and _free(fullest) < LEAST_FREE
    ):
        return f"the warehouse broke off: {reason}; the disk is full or nearly so, see {fullest}; {KEPT}"
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return f"the warehouse broke off: {reason}; what was landed is kept: look at the server's log, and run again"
    return f"the warehouse rejected a statement: {reason}; what was landed is kept"


def _free(folder: Path) -> int:
    """Bytes that are free where a folder is or would be; 0 without a free inode."""
    try:
        existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        found = os.statvfs(existing)
    except OSError:
        return sys.maxsize
    return 0 if found.f_files > 0 and found.f_favail == 0 else found.f_bavail * found.f_frsize


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
