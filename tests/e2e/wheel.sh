#!/bin/sh
# Builds the wheel, unpacks it away from the checkout and runs it from an empty folder: prompts, templates and the sample
# must be in it, and a local file must override its shipped one. Uses the packages of .venv; installs none.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python="$top/.venv/bin/python"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps -w "$work" "$top"
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target "$work/installed" "$work"/*.whl
mkdir "$work/empty"
cd "$work/empty"
export PYTHONPATH="$work/installed"
"$python" -c 'import newsletter, os; assert newsletter.__file__.startswith(os.environ["PYTHONPATH"]), newsletter.__file__'
"$python" -m newsletter init > /dev/null
cmp subscribers.yaml "$top/subscribers.yaml"
"$python" -m newsletter run --sample --quiet
ls outbox/*.eml > /dev/null
"$python" -c 'from newsletter.web import check_templates; check_templates("Morning Papers", "digest@example.org")'
mkdir -p templates/email
printf 'A subject of our own\n' > templates/email/digest.subject.txt
"$python" -m newsletter preview --sample --format eml --output - | grep -q '^Subject: A subject of our own'
echo "The wheel works from an empty folder, and a local template overrides the shipped one."
