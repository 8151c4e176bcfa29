# One image for all processes: web, clock, worker and release are its commands (see compose.yaml).
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE subscribers.yaml ./
COPY LICENSES LICENSES
COPY prompts prompts
COPY templates templates
COPY newsletter newsletter
RUN python -m venv /opt/newsletter \
    && /opt/newsletter/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[sql]' \
    && /opt/newsletter/bin/pip uninstall --yes --quiet pip setuptools

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /srv/newsletter newsletter \
    && install --directory --owner=newsletter /srv/newsletter/outbox
COPY --from=build /opt/newsletter /opt/newsletter
ENV PATH=/opt/newsletter/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/newsletter
USER newsletter
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["newsletter"]
CMD ["serve", "--host", "0.0.0.0"]
