"""The two kinds of lock of a state folder: one for every change in it, one for each living run.

Both are locks of the kernel (flock, through filelock) and never marker files: a process that is killed, however it
is killed, loses them in the same moment, so a stale claim needs no waiting time and no guess. They hold between
threads and between several stores in one process too. All processes must run under one kernel, on a local disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from newsletter.errors import StoreError

_WAIT_S = 30.0  # a change takes milliseconds; who waits this long waits for a stopped process
_POLL_S = 0.002


class FolderLock:
    """Held while something in the folder is read and then written. A thread may take it again while it has it."""

    def __init__(self, path: Path, *, wait_s: float = _WAIT_S) -> None:
        self._path = path
        self._wait_s = wait_s
        self._lock = _kernel_lock(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        try:
            self._lock.acquire(timeout=self._wait_s, poll_interval=_POLL_S)
        except Timeout:
            raise StoreError(
                f"{self._path} was held by another process for {self._wait_s:g} s; "
                f"find it with `fuser {self._path}` and end it"
            ) from None
        try:
            yield
        finally:
            self._lock.release()


class RunLocks:
    """One lock file for each run, held by the process that started it. Call only under the folder's lock.

    That condition is what makes it simple: no two probes meet, and nobody opens a file that is being removed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: dict[str, FileLock] = {}

    def take(self, run_id: str) -> bool:
        """Whether the run is this store's now; False when another process, or another store, has it."""
        if self._is_mine(run_id):
            return True
        # Not thread-local: a run may be started in one thread and ended in another.
        lock = _kernel_lock(self._path(run_id), thread_local=False)
        if not _try(lock):
            return False
        self._mine[run_id] = lock
        return True

    def give_back(self, run_id: str) -> None:
        """End a run of this store; nothing happens for any other."""
        lock = self._mine.pop(run_id, None)
        if lock is not None:
            self._path(run_id).unlink(missing_ok=True)
            lock.release()

    def latest(self) -> str:
        """This store's own run, the latest of several; empty if it has none. Needs no lock: nothing is probed."""
        return next((run_id for run_id in reversed(self._mine) if self._is_mine(run_id)), "")

    def is_taken(self, run_id: str) -> bool:
        return self._is_mine(run_id) or _is_held(self._path(run_id))

    def any_taken(self) -> bool:
        """Whether any run is at work, in whatever process."""
        return any(self.is_taken(path.stem.removeprefix("run-")) for path in self._folder.glob("run-*.lock"))

    def remove_stale(self) -> None:
        """Deletes the lock files of runs whose process has ended."""
        for path in self._folder.glob("run-*.lock"):
            if not _is_held(path):
                path.unlink(missing_ok=True)

    def _is_mine(self, run_id: str) -> bool:
        # A forked child inherits this object, not the lock: filelock says so by is_locked.
        lock = self._mine.get(run_id)
        return lock is not None and lock.is_locked

    def _path(self, run_id: str) -> Path:
        return self._folder / f"run-{run_id}.lock"


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    lock = _kernel_lock(path)
    if not _try(lock):
        return True
    lock.release()
    return False


def _try(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _kernel_lock(path: Path, *, thread_local: bool = True) -> FileLock:
    # No fallback: on a file system without flock the error is better than a lock that outlives its process.
    return FileLock(path, mode=0o600, thread_local=thread_local, fallback_to_soft=False)
