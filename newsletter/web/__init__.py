"""The web part: what readers, providers and monitors reach over HTTP. Serves; decides nothing.

So far /health and /metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response

from newsletter.stores import Store
from newsletter.tokens import Signer


@dataclass(frozen=True, slots=True)
class WebPart:
    """All that the web part needs. `metrics` gives the page of numbers."""

    store: Store
    signer: Signer | None
    brand_name: str
    reply_address: str
    now: Callable[[], datetime]
    webhook_key: str | None
    metrics: Callable[[], bytes]


def create_app(part: WebPart) -> Flask:
    """The WSGI application."""
    app = Flask(__name__)

    @app.get("/health")
    def health() -> Response:
        part.store.get_runs(limit=1)
        return Response("ok\n", mimetype="text/plain")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(part.metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")

    return app
