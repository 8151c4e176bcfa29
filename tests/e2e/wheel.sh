#!/bin/sh
# Builds the wheel, installs it beside the development packages' versions into a new environment, and runs it from an
# empty folder: prompts and templates must be in it, and a local file must override its shipped one.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$top/.venv/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps -w "$work" "$top"
"$top/.venv/bin/python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$top/constraints.txt" "$work"/*.whl
mkdir "$work/empty"
cd "$work/empty"
cp "$top/subscribers.yaml" .
"$work/venv/bin/newsletter" run --sample --quiet
ls outbox/*.eml > /dev/null
mkdir -p templates/email
printf 'A subject of our own\n' > templates/email/digest.subject.txt
"$work/venv/bin/newsletter" preview --sample --format eml --output - | grep -q '^Subject: A subject of our own'
echo "The wheel works from an empty folder, and a local template overrides the shipped one."
