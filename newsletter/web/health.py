"""What machines ask: whether the web part can do its work, and numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

import flask

from newsletter.stores import Store

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus, text exposition format


def blueprint(store: Store, metrics: Callable[[], bytes]) -> flask.Blueprint:
    """Serves `/health` and `/metrics`; a store that cannot be read is answered with 503."""
    pages = flask.Blueprint("monitoring", __name__)

    @pages.get("/health")
    def health() -> flask.Response:
        store.get_runs(limit=1)  # raises StoreError if the store cannot be read
        return flask.Response("ok\n", mimetype="text/plain")

    @pages.get("/metrics")
    def numbers() -> flask.Response:
        return flask.Response(metrics(), content_type=METRICS_TYPE)

    return pages
