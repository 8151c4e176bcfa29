"""A store in a folder, and the web part in front of it, for the tests of its pages."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app
from tests.web.site import part_of


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return TinyStore(tmp_path)


@pytest.fixture
def client(store: TinyStore) -> FlaskClient:
    return create_app(part_of(store)).test_client()
