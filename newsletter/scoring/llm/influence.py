"""Finds papers that give orders to their grader, and answers where one paper seems to have swayed the grades of others.

Neither is proof, so neither decides anything: such papers are asked about alone, and the others without them. The
phrases are those of public collections of prompt injections and of prompts that were found hidden in preprints in
2025. Of 6,719 papers of six real days, 12 have one of them (measured in November 2026). Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from newsletter.model import Paper
from newsletter.papers import readable
from newsletter.scoring.llm.answers import plain_line

MOST_ALONE = 40  # papers that are asked about alone because they speak; more of them share batches of their own
_HIGH, _LOW = 9, 2
_FEW = 4  # fewer papers show no pattern
_PAIRS = 30  # fewer may contradict a ranking by chance
_FAR = 3  # grades nearer than that do not contradict a ranking

_ANY = r".{0,40}?"
_ORDERS = (
    # To forget what one was told: English, German, Dutch, Scandinavian, Romance and Slavic languages
    rf"(?:ignor\w*|disregard\w*|forget\w*|overrid\w*|bypass\w*|pay no attention|do not follow){_ANY}"
    r"\b(?:previous|prior|above|earlier|preceding|foregoing|all|any|your|these|other|system)\b.{0,30}?"
    r"\b(?:instructions?|prompts?|rules|criteria|guidelines|directions|commands|orders|context|rubrics?)\b",
    rf"\b(?:ignorier\w*|missachte\w*|vergiss|vergesst|vergessen sie|negeer|vergeet|ignorera|glom|ignorer|glem){_ANY}"
    r"\b(?:anweisung|instru[kc]t|vorgabe|regel|kriteri|aanwijzing|opdracht)",
    rf"\b(?:ignor[aeo]\w*|oublie\w*|olvid\w*|descart\w*|desconsider\w*|esque[cç]\w*|dimentic\w*"
    rf"|ne ten\w+ pas compte){_ANY}"
    r"\b(?:instruc|instru[cç]|istruzion|consigne|indicacion|indica[cç]|regla|regra|regol|r[eè]gle|criter)",
    rf"(?:игнорир|забуд|не обращай|проигнор|ігнору){_ANY}(?:инструкц|указани|правил|команд|інструкц|вказів)",
    rf"\b(?:z?ignoruj|pomin|zapomnij|zapomen){_ANY}(?:instrukcj|polece|instrukc|pokyn|zasad|pravid)",
    r"\b(?:forget|ignore|disregard) (?:everything|all|anything|whatever)\b.{0,30}\b(?:told|said|given|before"
    r"|above|read)\b",
    r"\b(?:vergiss|vergessen sie|ignorier\w*) alles|\boublie\w* tout|\bolvid\w* todo|\bdimentic\w* tutto"
    r"|забудь вс[её]",
    r"\bnew instructions?\s*:|\byour (?:new |real |actual )?task (?:has changed|is now|changes)\b",
    # The same in languages that put it otherwise
    r"(?:忽略|无视|無視|忽視|忘记|忘記|不要理会|不要遵守).{0,20}(?:指令|指示|说明|說明|要求|提示|规则|規則|标准)",
    r"(?:指示|命令|指令|ルール|規則|プロンプト).{0,12}(?:無視|忘れ|従わ)",
    r"(?:지시|명령|지침|프롬프트|규칙).{0,12}(?:무시|잊)",
    r"(?:talimat|yönerge|komut|kural)\w*.{0,20}(?:yok say|görmezden|unut|dikkate alma)",
    r"(?:تجاهل|انس).{0,40}(?:تعليمات|الأوامر|التوجيهات|القواعد)",
    r"(?:निर्देश|आदेश).{0,30}(?:अनदेखा|नज़रअंदाज़|भूल)",
    r"(?:bỏ qua|phớt lờ|quên).{0,40}(?:hướng dẫn|chỉ dẫn|lệnh|quy tắc)",
    # To grade in some way
    rf"\b(?:give|assign|rate|score|grade|rank|award|mark|judge|evaluate|set)\b{_ANY}\b(?:this|our|other|others"
    rf"|every|each|"
    rf"all|remaining|rest|these|neighbou?r\w*)\b{_ANY}\b(?:10|ten|[01]|one|zero|highest|lowest|maximum|minimum"
    rf"|full marks|irrelevant)\b",
    r"\b(?:others?|other papers?|all the rest|remaining papers?|neighbou?rs)\b.{0,25}\b(?:get|as|to|receive"
    r"|score|with)?\s*"
    r"(?:a )?(?:score |relevance |rating )?(?:of )?(?:0|1|one|zero|lowest"
    r"|irrelevant)\b(?!\W?[.,]?\d)(?=\W*(?:$|[.!;]|</|and\b))",
    r"\brelevance\W{0,4}(?:is|of|=|:|to|score)?\W{0,4}(?:10|ten|9)\b(?!\W?[.,]?\d)",
    r"\b(?:positive|favou?rable|glowing) (?:review|rating|score|evaluation)s? only\b|\bonly (?:give"
    r"|write) (?:a )?positive",
    r"\bdo not (?:highlight|mention|list) any (?:negatives?|weakness\w*)|\brecommend (?:strong )?accept",
    rf"\b(?:bewerte\w*|benote\w*|vergib|gib|gebt|geben sie|beoordeel|geef|setze)\b{_ANY}\b(?:alle\w*|ander\w*"
    rf"|dies\w*|übrig\w*|deze)\b",
    rf"\b(?:not(?:ez|er)|attribue\w*|donne[zr]?|évalue[zr]?|evalue[zr]?|califi[cq]\w*|punt[uú]\w*|asign\w*"
    rf"|atribu\w*|avali[ea]\w*|"
    rf"valut\w*|assegn\w*)\b{_ANY}\b(?:autres|tou[st]\w*|cet article|demás|otros|todos|este art\w*|demais"
    rf"|outros|altri|tutti)\b",
    r"(?:поставь|оцени|дай|присвой).{0,40}(?:остальн|други|всем|все|этой|эту)|(?:остальн"
    r"|други[мх])\w* стать.{0,30}\d",
    r"(?:给|給|將|将|把|为|請|请|评|評).{0,15}(?:其他|其它|所有|本|这篇|這篇|该).{0,12}(?:论文|論文|文章).{0,20}(?:分|\d)",
    r"(?:他の|すべての|全ての|この)論文.{0,25}(?:点|評価|スコア|\d)|(?:다른|모든|이) 논문.{0,25}(?:점|평가|\d)",
    r"\b(?:others?|remaining|rest)\b.{0,30}\b(?:must|should|shall|have to) be (?:reject|downgrad|score|rate"
    r"|ignore|mark|"
    r"exclude|omit)|\b(?:downgrade|penali[sz]e|sink|reject|lower)\b.{0,20}\b(?:other|remaining) (?:paper|entr"
    r"|submission|abstract|id)",
    r"\b(?:ids?|entr\w+|papers?)\b.{0,30}\b(?:belong|go|goes|put|move)?\s*(?:in|into|as"
    r"|under) \"?below\b\"?(?=\W*(?:$|[.!]))",
    r"\ball(?:en|e) (?:anderen|übrigen)\b.{0,40}\b(?:eine?|mit|die|note|wert)\b.{0,15}\b(?:[01]|null|eins)\b",
    # To be somebody else, or to be spoken to
    r"\b(?:instructions?|prompts?|messages?) (?:to|for) (?:the |any |all )?(?:\w+ )?(?:model|llm|ai|grader"
    r"|reviewer|judge)s?\s*[:;]",
    r"\bas an? (?:\w+ )?(?:grader|reviewer|judge|rater|evaluator|assistant|model|llm|ai)\W{1,3}"
    r"(?:you|please|give|rate|assign|score|grade|ignore|do|always|must|output|respond)\b",
    r"\b(?:attention|note|message|instructions?|dear|hello|notice)\b[:,]?(?: to| for)?(?: the| any| all)?(?: \w+)? ?"
    r"(?:llms?|ais?|ai models?|language models?|assistants?|graders?|reviewers?|evaluators?|judges?"
    r"|raters?)\b(?:\W|$)(?=.{0,80}"
    r"(?:you|must|please|score|rate|give|ignore|relevance))",
    r"\byou are (?:now )?(?:an? |the )(?:\w+ )?(?:grader|assistant|ai|language model|judge|reviewer|rater"
    r"|evaluator)\b",
    r"\bif you are an? (?:ai|llm|large language model|language model|assistant|model|grader|reviewer)\b",
    r"(?:\bsystem|\boperator|\badmin\w*|\bdeveloper|\bassistant)\s*:\s*(?:you|reply|give|rate|score|ignore|the"
    r"|please|set|all|new)\b",
    r"</?\s*(?:paper|system|user|assistant|instructions?|scored)\b|\[/?inst\]|<\|\w+\|>|\"(?:scored|relevance"
    r"|novelty)\"\s*:",
)
_SPEAKS = re.compile("|".join(_ORDERS), re.IGNORECASE)
# The plainest orders, where something stands between their letters
_SPELLED = re.compile(
    r"(?:ignore|disregard|forget|override)(?:all|any|the|your|every|of|my)*(?:previous|prior|above|earlier"
    r"|preceding|other)+"
    r"(?:\w{0,12}?)(?:instruction|prompt|rule|direction|command|criteri)|(?:every|all)other(?:s|papers?)(?:get"
    r"|score|a|to|as)*(?:1|one|0)"
)
_LOOKALIKE = str.maketrans("аеорсухіѕјԁɡɩ0", "aeopcyxisjdgio")


@lru_cache(maxsize=4096)  # of each paper it is asked for every profile
def speaks_to_graders(paper: Paper) -> bool:
    """Whether a title or abstract, as a model would see it, seems to give orders. Many that do so only quote them."""
    text = unicodedata.normalize("NFKC", plain_line(f"{readable(paper.title)} \n {readable(paper.abstract)}")).lower()
    if _SPEAKS.search(text):
        return True
    letters = re.sub(r"[\W_]+", "", text.translate(_LOOKALIKE))
    return _SPELLED.search(letters) is not None


def regroup(grades: Sequence[int], *, is_ranked: bool) -> list[list[int]]:
    """Gives how to ask again about a batch whose grades (0: below the floor) look like those that an order asks for.

    The places of papers to ask about together; none where nothing looks so. One or two of many that stand alone, high
    above all others, are each asked about apart, and the others without them. Where each is the highest, or where the
    papers came as the words ranked them (`is_ranked`, best first) and the grades turn this upside down, nobody knows
    who is to blame: each is asked about alone.
    """
    places = range(len(grades))
    if len(grades) < _FEW:
        return []
    high = [place for place in places if grades[place] > _LOW]
    if 0 < len(high) <= max(1, len(grades) // 8) and min(grades[place] for place in high) >= _HIGH:
        return [[place for place in places if place not in high], *([place] for place in high)]
    if min(grades) == 10 or (is_ranked and _is_upside_down(grades)):
        return [[place] for place in places]
    return []


def _is_upside_down(grades: Sequence[int]) -> bool:
    """Tells whether too many pairs of far apart grades contradict the ranking for chance to explain it."""
    pairs = [
        earlier > later
        for place, earlier in enumerate(grades)
        for later in grades[place + 1 :]
        if abs(earlier - later) > _FAR
    ]
    return len(pairs) >= _PAIRS and sum(pairs) < 0.2 * len(pairs)
