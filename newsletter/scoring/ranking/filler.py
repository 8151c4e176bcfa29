"""Lists the words that name no subject, in papers and in what readers write of papers. Pure, and loads little."""

from __future__ import annotations

from newsletter.scoring.ranking.plain_text import without_accents

STOP_WORDS = frozenset(
    """a about above after again all also although am among an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each either etc few for from further had has
    have having he her here hers him his how however i if in into is it its itself just less may me might more most
    much must my no nor not of off on once only or other our ours out over own per same she should so some such than
    that the their theirs them then there these they this those through thus to too under until up upon us very via
    was we were what when where whether which while who whom why will with within without would yet you your""".split()
)

# By which a reader speaks of papers and of themselves, in a line or two; they are no subject.
FILLER = frozenset(
    """advance advances advancement advancements also anything approaches articles aspect aspects based better certain
    cool curious currently develop developing developments different especially etc everything exciting follow
    explore exploring generally get getting go going great happening hear hello hi ideas important improve
    improved improvement improvements improving include including innovations innovative insights interest
    interested interesting interests keen know latest like likes love mainly make makes making many me mostly
    need new newest news novel papers particular particularly please possible really truly actually preferably
    preprints progress publications recent recently regarding related relevant research researcher researchers
    researching results scientific see seeing seek seeking stuff studies studying subjects techniques theme
    themes thing things topics trends understand updates use used useful uses using various want wanting watch
    wish work working works would""".split()
)
# Verbs of everyday talk, by which a wish becomes a sentence: "how galaxies came about", "what happens in a video".
# "Lie", "look", "put", "taking", "try" and "turn" are not here: Lie algebras, look-ahead, put options, multi-turn.
_TALK = frozenset(
    """bring brings came come comes coming gave give gives giving gone goes got gotten happen happened happening
    happens help helped helping helps kind kinds looks maybe puts said say says sort sorts take takes tell tells
    tried tries trying turned went""".split()
)
# What holds sentences together. The words of papers are counted with them, since the shipped counts were made so.
# "Near", "next" and "one" are not here: near-infrared, next-token, one-shot.
_FUNCTION_WORDS = frozenset(
    """across almost already always another anybody anyone apart aside become becomes behind beside besides despite else
    enough ever every everybody everyone everywhere except hence henceforth indeed instead likely namely nearly neither
    never nevertheless nobody nonetheless nowhere often onto others otherwise perhaps quite rather regardless seem
    seems since somebody someone something sometimes somewhere therefore thereby though throughout toward towards
    unless unlike usually versus whatever whenever wherever whereas whereby whichever whoever whose yes""".split()
)
# Filler where they stand before "of", "in" or other filler, and belong to the subject otherwise: question answering.
LEADING_FILLER = frozenset(
    """application applications approach area areas article best build building deal edge fan field fields find finding
    findings focus focused focusing following general hot how idea innovation insight introduction issue issues
    keep keyword keywords learn literature look looking lookout lot method methods modern newsletter overview
    paper point problem problems publication question questions read reading result review reviews science
    search searching show state study subject summary survey surveys talk technique topic trend understanding
    update way ways""".split()
)
FOREIGN_FILLER = frozenset(
    """alles anderen artikel arbeiten aus bei beim das dass dem den der des die ein eine einem einen einer eines
    entwicklungen ergebnisse forschung für fur ich im in interessiere mein mich mir mit neue neuen neuer neues
    neueste neuesten nicht oder rund themen thema über uber um und vom von wie zu zum zur au aux avec ces dans
    du en est et la le les leur nouveaux nouvelles ou par pour qui recherche sujet sur tout tous une un al como
    con de del el es investigacion las lo los mas nuevas nuevos para por que se sobre su todo una da dei della
    delle di do dos e gli i il na no nuove nuovi o os per pesquisa ricerca tutto uma""".split()
)

_EVERYWHERE = STOP_WORDS | FILLER | _TALK | _FUNCTION_WORDS


def is_filler(word: str) -> bool:
    """Tells whether a word, as it is written, names no subject wherever it stands; DES is a survey, "des" is not."""
    lower = without_accents(word.lower())
    if lower in _EVERYWHERE or len(word) < 2 or word.isdigit():
        return True
    return lower in FOREIGN_FILLER and not word.isupper()
