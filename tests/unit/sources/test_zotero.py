"""Libraries as Zotero's API gives them (newsletter/sources/zotero.py), from a server on loopback."""

import httpx2
import pytest

from newsletter.errors import FetchError
from newsletter.model import LibraryContents, ZoteroLibrary
from newsletter.sources.zotero import MAX_WAIT_S, ZoteroReader, open_zotero
from tests.zotero_server import NOW, Library, ZoteroServer, entry, serving_zotero

ADA = ZoteroLibrary("users/123")


def read(server: ZoteroServer, library: ZoteroLibrary = ADA, **options: object) -> LibraryContents | None:
    reader = open_zotero(contact="ada@example.org", base_url=server.base_url)
    return reader.read(library, **options)  # type: ignore[arg-type]


def failure(server: ZoteroServer, library: ZoteroLibrary = ADA, **options: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        read(server, library, **options)
    assert caught.value.url == library.place
    assert str(caught.value).startswith(f"The Zotero library {library.place} could not be read")
    return caught.value


def test_titles_and_abstracts_come_oldest_first() -> None:
    entries = [entry("Newest", days=0), entry("Oldest", days=900), entry("Middle", days=9, abstract="On  spirals.")]
    with serving_zotero(users_123=Library(entries, version=7)) as server:
        found = read(server)
    assert found is not None
    assert [item.title for item in found.items] == ["Oldest", "Middle", "Newest"]
    assert (found.items[1].abstract, found.items[2].added_at) == ("On spirals.", NOW)
    assert (found.version, found.total) == (7, 3)


def test_pages_are_followed_until_enough_papers_are_there() -> None:
    entries = [entry(f"Paper {n}", days=n) for n in range(950)]
    with serving_zotero(users_123=Library(entries)) as server:
        found = read(server)
    assert found is not None
    assert (len(found.items), found.total) == (200, 950)
    assert found.items[-1].title == "Paper 0", "the latest are kept"
    assert len(server.requests) == 2, "of 100 entries each"


def test_a_library_of_attachments_is_not_read_for_ever() -> None:
    entries = [entry(f"File {n}", days=n, kind="attachment") for n in range(2_000)]
    with serving_zotero(users_123=Library(entries)) as server:
        found = read(server)
    assert found is not None
    assert found.items == ()
    assert len(server.requests) == 6


@pytest.mark.parametrize("kind", ["attachment", "note", "annotation"])
def test_what_is_no_paper_is_passed_over(kind: str) -> None:
    with serving_zotero(users_123=Library([entry("A paper"), entry("No paper", kind=kind), entry("")])) as server:
        found = read(server)
    assert found is not None
    assert [item.title for item in found.items] == ["A paper"]


def test_a_collection_is_read_alone() -> None:
    library = Library([entry("Elsewhere")], collections={"ABCD2345": [entry("In it")]})
    with serving_zotero(groups_7=library) as server:
        found = read(server, ZoteroLibrary("groups/7", "ABCD2345"))
        missing = failure(server, ZoteroLibrary("groups/7", "ZZZZ2345"))
    assert found is not None
    assert [item.title for item in found.items] == ["In it"]
    assert "no such library or collection" in str(missing)


def test_what_did_not_change_is_not_transferred_again() -> None:
    with serving_zotero(users_123=Library([entry("A paper")], version=7)) as server:
        assert read(server, known_version=7) is None
        assert read(server, known_version=6) is not None


def test_a_private_library_opens_to_its_key_alone() -> None:
    with serving_zotero(users_123=Library([entry("A paper")], key="secret-key")) as server:
        assert read(server, key="secret-key") is not None
        for key in ("", "another"):
            error = failure(server, key=key)
            assert "private" in str(error)
            assert not error.is_passing
    assert all("secret-key" not in path for path, _ in server.requests)


def test_whoever_is_asked_can_see_whom_to_write_to() -> None:
    with serving_zotero(users_123=Library([entry("A paper")])) as server:
        read(server)
    _, headers = server.requests[0]
    assert "ada@example.org" in headers["user-agent"]
    assert headers["zotero-api-version"] == "3"


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"retry_after": "120"}, 120.0),
        (429, {"backoff": "90"}, 90.0),
        (429, {}, None),
        (503, {"retry_after": "300"}, 300.0),
        (500, {}, None),
    ],
)
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(
    status: int, headers: dict[str, str], wait_s: float | None
) -> None:
    with serving_zotero(users_123=Library([entry("A paper")])) as server:
        server.answers.append((status, b"slow down", headers))
        error = failure(server)
        assert (error.is_passing, error.retry_after_s) == (True, wait_s)
        assert len(server.requests) == 1


def test_a_pause_is_kept_before_the_next_page_and_the_next_library() -> None:
    slept: list[float] = []
    with serving_zotero(users_123=Library([entry("A paper")])) as server:
        now = [0.0]
        reader = ZoteroReader(
            open_zotero(contact="ada@example.org", base_url=server.base_url)._client,
            base_url=server.base_url,
            sleep=slept.append,
            monotonic=lambda: now[0],
        )
        server.answers.append((200, b"[]", {"backoff": "20", "content_type": "application/json"}))
        reader.read(ADA)
        reader.read(ADA)
        assert slept == [20.0]
        server.answers.append((200, b"[]", {"backoff": f"{MAX_WAIT_S * 10:.0f}", "content_type": "application/json"}))
        now[0] = 100.0
        reader.read(ADA)
        with pytest.raises(FetchError) as caught:
            reader.read(ADA)
        assert len(server.requests) == 3, "nothing is asked within a long pause"
    assert caught.value.retry_after_s == MAX_WAIT_S * 10


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'"text"', b"<html>", b"\xff"])
def test_what_is_no_list_of_entries_may_be_one_the_next_time(body: bytes) -> None:
    with serving_zotero() as server:
        server.answers.append((200, body, {"content_type": "application/json"}))
        assert failure(server).is_passing


@pytest.mark.parametrize("body", [b"[1, null, {}]", b'[{"data": 3}]', b'[{"data": {"title": 3}}]', b"[]"])
def test_what_is_no_entry_is_passed_over(body: bytes) -> None:
    with serving_zotero() as server:
        server.answers.append((200, body, {"content_type": "application/json"}))
        assert read(server) == LibraryContents(0, 0, ())


def test_a_page_that_is_too_large_is_given_up() -> None:
    with serving_zotero() as server:
        server.answers.append((200, b"[" + b" " * 6_000_000 + b"]", {"content_type": "application/json"}))
        assert "too large" in str(failure(server))


def test_a_redirect_is_not_followed() -> None:
    with serving_zotero() as server:
        server.answers.append((302, b"", {"location": f"{server.base_url}/elsewhere"}))
        assert "302" in str(failure(server))
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with serving_zotero() as server:
        pass
    assert failure(server).is_passing


def test_one_client_serves_many_libraries() -> None:
    """pyzotero closes the client that it is given when it goes."""
    libraries = {f"users_{n}": Library([entry(f"Paper {n}")]) for n in range(1, 4)}
    with serving_zotero(**libraries) as server:
        reader = open_zotero(contact="ada@example.org", base_url=server.base_url)
        for n in range(1, 4):
            assert reader.read(ZoteroLibrary(f"users/{n}")) is not None
        assert isinstance(reader._client, httpx2.Client)
        assert not reader._client.is_closed
