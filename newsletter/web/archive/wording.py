"""The sentences of the archive's pages by language: those of a digest, and over them the archive's own.

A page that others may see says "the profile" where a mail says "your profile".
"""

from __future__ import annotations

from newsletter.files import resources
from newsletter.texts import Texts, TextsByLanguage, pick

DIGEST_FILE = "templates/email/digest.yaml"
FILE = "templates/texts/archive.yaml"


def load_archive_texts() -> TextsByLanguage:
    """Reads both files. Raises ConfigError with everything that is wrong in one."""
    of_digests, own = (resources.load_texts(file) for file in (DIGEST_FILE, FILE))
    return {
        language: Texts(language, {**pick(of_digests, language).sentences, **texts.sentences})
        for language, texts in own.items()
    }


def lang_of(language: str, t: Texts) -> str:
    """Gives the value of `lang` for text in this language; "" for that of the page around it."""
    return "" if language == t.language else language
