"""The full name of a folder on an IMAP server, where an operator has given its own name.

With many hosts every folder of a person lies below `INBOX.`: NAMESPACE (RFC 2342) says so, and where a server does not
know that, LIST tells the sign between the parts of a name. A full name is one, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderCreateError

MOST_SHOWN = 10
_INBOX = "INBOX"
_PERSONAL = re.compile(rb'\(\("((?:[^"\\]|\\.)*)" (?:NIL|"(\\?.)")')  # the first of the first list
_NO_FOLDER = {"\\noselect", "\\nonexistent"}


def find_folder(box: BaseMailBox, name: str) -> str | None:
    """The full name under which a folder of this name is there."""
    return next((full for full in _full_names(box, name) if _is_there(box, full)), None)


def find_or_make_folder(box: BaseMailBox, name: str) -> str | None:
    """The same; it is made where it is not there. None if the server makes it nowhere."""
    found = find_folder(box, name)
    return found or next((full for full in _full_names(box, name) if _make(box, full)), None)


def folders_in_words(box: BaseMailBox) -> str:
    """Some of the folders that are there, for a remedy."""
    names = [folder.name for folder in box.folder.list() if not _NO_FOLDER & _flags(folder.flags)]
    return ", ".join(names[:MOST_SHOWN])


def _full_names(box: BaseMailBox, name: str) -> Iterator[str]:
    """Where a folder of this name may lie, the likeliest place first."""
    prefix, separator = _personal_namespace(box)
    if name.upper() == _INBOX or name.upper().startswith(f"{_INBOX}{separator}"):
        yield name
        return
    inner = name.replace("/", separator) if separator else name
    places = [f"{prefix}{inner}", name, f"{_INBOX}{separator}{inner}"] if separator else [name]
    yield from dict.fromkeys(places)


def _personal_namespace(box: BaseMailBox) -> tuple[str, str]:
    """Its prefix, such as `INBOX.`, and the separator; both empty if folders have no parts."""
    if "NAMESPACE" in box.client.capabilities:
        _, lines = box.client.namespace()
        if lines and isinstance(lines[0], bytes) and (found := _PERSONAL.match(lines[0])):
            return _unquoted(found[1]), _unquoted(found[2] or b"")
    separator = next((folder.delim for folder in box.folder.list("", _INBOX)), "")
    return "", "" if separator == "NIL" else separator


def _unquoted(part: bytes) -> str:
    return re.sub(rb"\\(.)", rb"\1", part).decode("ascii", "replace")


def _is_there(box: BaseMailBox, full: str) -> bool:
    return any(not _NO_FOLDER & _flags(folder.flags) for folder in box.folder.list("", full))


def _flags(flags: tuple[str, ...]) -> set[str]:
    return {flag.lower() for flag in flags}


def _make(box: BaseMailBox, full: str) -> bool:
    try:
        box.folder.create(full)
    except MailboxFolderCreateError:
        return _is_there(box, full)  # another process may have made it meanwhile
    return True
