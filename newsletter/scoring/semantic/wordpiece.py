"""Cuts texts into the pieces that BERT's English models were taught with (WordPiece, lower-case).

Same pieces as the reference implementation's uncased tokenizer. The vocabulary is that of bert-base-uncased by
Google, Apache-2.0 (LICENSES/Apache-2.0.txt); a piece's number is its line in it.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from functools import cache
from pathlib import Path

_VOCABULARY = Path(__file__).with_name("vocabulary.txt.gz")
MAX_PIECES = 256  # what the model was taught to read; the start and the end of a text are two of them
_MAX_WORD_CHARS = 100  # a longer word is unknown
_PADDING, _UNKNOWN, _START, _END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f"
_TOKEN = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")


class WordPieces:
    """The vocabulary, and the pieces of words met before."""

    def __init__(self, pieces: list[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(pieces)}
        self._known: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str) -> list[int]:
        """Gives the numbers of the text's pieces between those of start and end, at most MAX_PIECES; takes any text."""
        numbers = [self._numbers[_START]]
        for word in _split(text):
            numbers += self._cut(word)
            if len(numbers) >= MAX_PIECES:
                break
        return [*numbers[: MAX_PIECES - 1], self._numbers[_END]]

    def _cut(self, word: str) -> tuple[int, ...]:
        pieces = self._known.get(word)
        if pieces is None:
            if len(self._known) >= 100_000:
                self._known.clear()
            pieces = self._known[word] = tuple(self._find_pieces(word))
        return pieces

    def _find_pieces(self, word: str) -> list[int]:
        """Takes the longest known beginning, again and again; a word that does not come out even is unknown."""
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._numbers.get(f"##{word[start:end]}" if start else word[:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return [self._numbers[_UNKNOWN]]
        return found if len(word) <= _MAX_WORD_CHARS else [self._numbers[_UNKNOWN]]


def _split(text: str) -> list[str]:
    """Splits at blanks, punctuation and ideographs; without accents and control characters."""
    if text.isascii() and text.isprintable():  # most abstracts; a tenth of the time
        return _ASCII_WORD.findall(text.lower())
    kept = "".join(" " if char.isspace() else char for char in text if not _is_control(char))
    plain = "".join(char for char in unicodedata.normalize("NFD", kept.lower()) if unicodedata.category(char) != "Mn")
    words: list[str] = []
    for token in _TOKEN.findall(plain):
        words += _split_punctuation(token)
    return words


def _split_punctuation(token: str) -> list[str]:
    words = [""]
    for char in token:
        if _is_punctuation(char):
            words += [char, ""]
        else:
            words[-1] += char
    return [word for word in words if word]


def _is_control(char: str) -> bool:
    return char in "\x00\ufffd" or (unicodedata.category(char).startswith("C") and not char.isspace())


def _is_punctuation(char: str) -> bool:
    # Every ASCII character that is no letter or digit counts, also $ and ^ that Unicode does not call punctuation
    return (char < "\x7f" and not char.isalnum()) or unicodedata.category(char).startswith("P")


@cache
def load_pieces() -> WordPieces:
    """Reads the shipped vocabulary, once a process."""
    return WordPieces(gzip.decompress(_VOCABULARY.read_bytes()).decode("utf-8").splitlines())
