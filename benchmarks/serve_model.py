"""Serves a model file as llama.cpp's server does, on a free port of this machine, until it is killed.

Runs in an environment of its own with the package xllamacpp; see try_model.sh. The address goes to a file, the log to
standard output. LLAMA_API_KEY is the key it wants.
"""

import os
import sys
import threading
from pathlib import Path

import xllamacpp

model_file, address_file = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path = model_file
params.hostnames = ["127.0.0.1"]
params.port = 0
params.api_keys = [os.environ["LLAMA_API_KEY"]]
params.ui = False
params.sampling.temp = 0  # the likeliest answer, the same each time
params.n_ctx = 8192
params.n_parallel = 1
# Threads of llama.cpp wait for each other at every step: on a busy machine two are slower than one.
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(os.environ.get("THREADS", "1"))
server = xllamacpp.Server(params)  # returns when the model is loaded
Path(address_file).write_text(server.listening_address, encoding="utf-8")
threading.Event().wait()
