"""Writes a file whole or not at all, for the adapters that keep files (stores/, senders/).

The order is the one that survives a power cut: write a temporary file, flush it to the disk, rename it over the
old one, flush the folder (rename(2): the name points to the old or to the new file at any moment). POSIX only:
other systems cannot flush a folder. Turning OSError into a sentence for the operator is the caller's business.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

_PRIVATE_FOLDER = 0o700  # mails and ledgers hold addresses


def make_folder(folder: Path) -> None:
    """Create a folder, readable by its owner only, and those above it where missing. May be repeated."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    _sync_folder(folder.parent)


def write_whole(path: Path, data: bytes, *, temp_folder: Path) -> None:
    """Replace a file's content at once; it is readable by its owner only (as mkstemp makes it).

    `temp_folder` is on the same file system. A kill leaves at most one file there, named after `path`.
    """
    descriptor, name = tempfile.mkstemp(dir=temp_folder, prefix=f".{path.name}.", suffix=".tmp")
    temp = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temp.replace(path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def try_folder(folder: Path) -> None:
    """Writes a file where the folder is, or would be made, reads it back and takes it away. Raises OSError.

    Rights alone do not tell: root has all of them, also on a disk that is read-only or full, and in /proc.
    """
    base = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with tempfile.TemporaryDirectory(dir=base, prefix=".trial-") as trial:
        path, data = Path(trial) / "file", b"written and read back"
        write_whole(path, data, temp_folder=path.parent)
        if path.read_bytes() != data:
            raise OSError(errno.EIO, "what was written is not what is read")


def put_mark(path: Path) -> None:
    """Make an empty file, readable by its owner only, that says something by its name. May be repeated."""
    if not path.exists():
        make_folder(path.parent)
        path.touch(mode=0o600)
        _sync_folder(path.parent)


def remove_leftovers(temp_folder: Path) -> None:
    """Delete temporary files of killed writers. Only for who knows that nobody is writing now."""
    for temp in find_leftovers(temp_folder):
        temp.unlink(missing_ok=True)


def find_leftovers(temp_folder: Path) -> list[Path]:
    """Find temporary files of writers, killed ones or not; each is named after the file that it was to become."""
    return list(temp_folder.glob(".*.*.tmp"))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
