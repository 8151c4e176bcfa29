"""Answers machines: whether the web part is alive, whether it can do its work, and numbers for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Callable

import flask

from newsletter.errors import StoreError

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus, text exposition format
NOT_READY = "not ready: the memory cannot be used now; the log of the web part says why\n"

_log = logging.getLogger(__name__)


def blueprint(require_ready: Callable[[], object], metrics: Callable[[], bytes]) -> flask.Blueprint:
    """Serves `/health`, `/ready` and `/metrics`. `require_ready` raises StoreError where the memory cannot be used.

    `/health` asks nobody: a platform that starts a process anew because its database is away helps neither.
    """
    pages = flask.Blueprint("monitoring", __name__)

    @pages.get("/health")
    def health() -> flask.Response:
        return flask.Response("ok\n", mimetype="text/plain")

    @pages.get("/ready")
    def ready() -> flask.Response:
        try:
            require_ready()
        except StoreError as error:
            _log.warning("not ready: %s", error)
            return flask.Response(NOT_READY, status=503, mimetype="text/plain")
        return flask.Response("ready\n", mimetype="text/plain")

    @pages.get("/metrics")
    def numbers() -> flask.Response:
        return flask.Response(metrics(), content_type=METRICS_TYPE)

    return pages
