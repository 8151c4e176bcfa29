"""Tells whether a mail system's answer says that a mailbox does not exist. Pure; one rule for every answer.

Reports of failure (mail/inbound/bounces.py), refusals in an SMTP session (run/deliver.py) and SendGrid's events
(mail/inbound/sendgrid_events.py) ask it. Statuses are RFC 3463's and those of IANA's registry "SMTP Enhanced Status
Codes"; the wordings are those that mail systems answer with in public. An answer that may mean
something else ends no subscription at once.
"""

from __future__ import annotations

import re

_MOST_CHARS = 4_000

#: By these alone: no such mailbox, host or form of address; moved without an address left; takes no mail (RFC 7505).
_GONE = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
#: These say little, so words have to. Yandex knows nobody by 5.7.1, Microsoft by 5.4.1 and 5.5.0.
_VAGUE = {"5.0.0", "5.1.0", "5.2.0", "5.2.1", "5.3.0", "5.4.1", "5.5.0", "5.7.0", "5.7.1"}

_STATUS = re.compile(r"(?<![\w.-])([245]\.[0-9]\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?:^|[:;(]\s*|said:?\s+|\d\.\d\.\d{1,3}\s+)([45]\d\d)(?= |$)")
_LINE_OF_REPLY = re.compile(r"(?<!\S)([245]\d\d)-(?=\S)")  # RFC 5321 §4.2.1: all lines of an answer but the last


def _any(alternatives: str) -> str:
    """A pattern of what stands between ` | ` and line ends."""
    return "|".join(part for line in alternatives.splitlines() for part in line.strip().split(" | ") if part)


# Words are looked at from their first letter alone: from each takes the square of their length.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:@])[^\s<>()\[\]\"',;:@]++@[^\s<>()\[\]\"',;:]+")
_NO_WORDS = re.compile(
    r"https?://\S+"
    r"|(?<![a-z0-9-])(?!resolver\.)(?=[0-9-]*+[a-z])[a-z0-9-]++(?:\.[a-z0-9-]+){2,}\b"  # names of hosts
    r"|(?<![\w.-])[245]\.[0-9]\.\d{1,3}(?![\d.]*\d)|(?<!\S)[45]\d\d(?= )"  # statuses and reply codes
)

_WHO = r"""(?:users?|usernames?|mail ?box(?:es)?|accounts?|recipients?|alias|person|inbox
    |(?:e-?mail |recipient |destination |mailbox )?address(?:es)?)""".replace("\n    ", "")
_ONE_WORD = r"\s*[:<(\[\"']*\s*(?!domain|host|server|sender|has\b|not\b|is\b)[^\s;,]{0,60}[>)\]\"':]*\s+"
_BETWEEN = rf"(?:{_ONE_WORD}|\s*:?\s+| (?:that )?you (?:are trying|tried|have entered|entered)(?: to \w+)? )"
_NOT_THERE = _any(
    r"""unknown | not known | unrecogni[sz]ed | invalid | not found | not be found | not (?:a )?valid | not present
    not exist(?:ing)? | non-?existe?nt | do(?:es)? ?n['o’]?t exist | do(?:es)? not exist
    no longer (?:exists?|valid|in use|accepts mail|available)"""
)
_TABLE = r"(?: in \w+(?: \w+)? table)?"  # Postfix: in relay recipient table

#: No such person, mailbox or account. Who sends, hosts and domains are none of these.
_GONE_WORDS = re.compile(
    rf"(?:no such|unknown(?: or \w+)?|invalid|non-?existe?nt|bad)"
    rf" (?:local |destination |virtual |recipient |e-?mail |smtp |mail )*{_WHO}{_TABLE}"
    rf"|{_WHO}{_BETWEEN}(?:(?:is|was|were|are|could|can) )?(?:{_NOT_THERE}){_TABLE}|"
    + _any(
        r"""no (?:mail ?box|account|user|recipient)s? (?:here|found|by that name|with that name|exists)
        no (?:mail ?box|account|user|person|one)(?: is)? (?:available )?(?:at|for|by|with|under|of) (?:this|that)
        not (?:a|an) (?:known|valid|local|existing|active) (?:user|mailbox|recipient|address|account)
        not our customer | addressee unknown | address is wrong or no longer valid
        @[>)\]"'.]*:? (?:is |was )?(?:not found|unknown|does not exist)
        does(?: not|n['’]?t) have an? \S{1,60}(?: \w+)? account
        not listed in (?:the )?(?:public |domino )?(?:name|directory|address)
        recip(?:ient)?(?: address)? ?not ?found | not found by smtp address lookup
        unknown local[- ]part | no such (?:person|local part|alias)
        recipient address has null mx | domain does not accept mail \(null ?mx\)
        mailbox unavailable \(s2017062302\)
        destinataire (?:inconnu|invalide) | adresse [^.;]{0,60}n'existe pas | utilisateur inconnu | adresse inconnue
        (?:benutzer|empfänger|empfaenger|postfach|mailadresse) (?:\S+ )?(?:unbekannt|existiert nicht)
        unbekannter? (?:benutzer|empfänger|empfaenger)
        usuario (?:desconocido|inexistente|no existe) | no existe (?:dicha persona|ese usuario)
        usu[aá]rio (?:desconhecido|inexistente|n[aã]o existe)
        utente (?:sconosciuto|inesistente)
        пользователь не (?:найден|существует) | нет такого пользователя
        (?:用户|邮箱|收件人|用戶|信箱)不存在 | ユーザーは存在しません | 宛先が存在しません"""
    )
)
#: With 5.4.1: what Exchange Online says of an address that the organization does not have (edge blocking).
_EDGE_BLOCKED = "recipient address rejected: access denied"

#: Whatever else they say, one of these speaks of something that passes, or of us.
_SOMETHING_ELSE = re.compile(
    _any(
        # the mailbox is there, and full, slow or closed for now
        r"""quota | \bfull\b | storage | exceed | limit | \brate[ds]?\b | frequen | throttl | on hold | over ?draft
        \btoo (?:many|much|fast|large|big|long|quick) | temporar | \blater\b | plus tard | try again | retr(?:y|ies)
        \bspace\b | gr[ae]y ?-?list | delay | defer | busy | overload | maint[ae]n | disabled | suspen | inactiv
        deactivat | \blocked | frozen | not (?:been )?activ | expired
        refuses? to | refused due | preferences | user reject | user rules | not accepting | only accept | filter
        protected by | \bmembers?\b | mailing list | subscrib | badrcptto | home directory
        speicher | überschritten | \bvoll\b | pleine?\b | satur[ée] | llen[ao]\b | \bpien[ao]\b | superat | cheia
        переполнен | 已满 | 空间 | 超过 | 超過 | 容量 | いっぱい
        """
        # the way there
        r"""time[ds]?[ -]?out | time limit | hop count | hops\b | \bloop | network | connect | unreachable | \broute
        routing | unrout | \bdns\b | name ?server | name service | unknown host | bad host | nxdomain | lookup fail
        host (?:or domain )?(?:name )?(?:not found|unknown) | resolv(?:e|ed|ing)\b | \bmx\b | no such domain
        domain (?:name )?(?:not found|unknown) | unknown domain
        domain (?:\S+ )?(?:does not exist|doesn't exist|is unknown|lookup)
        service (?:is |currently |temporarily )*(?:unavailable|not available) | internal (?:\w+ )?error | configur
        insufficient | resource | \bdisk\b | system (?:error|problem|full) | software error | local error | protocol
        syntax error in (?:command|param)
        """
        # we, our domain, our mail
        r"""sender | sending | mail[ -]?from | from (?:address|header|domain) | return[ -]?path | envelope[ -]from
        \bhelo\b | \behlo\b | \bspf\b | \bdkim\b | \bdmarc\b | \barc\b | authenti | unauthor | not authori[sz]ed
        password | credential | verification | verify(?:ing)? fail | unverified | be verified | callback | callout
        \brdns\b | reverse | \bptr\b | \bip (?:address|is) | your (?:ip|host|server|network) | relay(?!=)
        spam | junk | unsolicited | \bbulk\b | virus | malware | infect | phish | suspicious | suspect | content
        attach | \bheaders?\b | policy | policies | block | black | \brbl\b | \blisted\b | banned | \bban\b | reputation
        denied | prohibit | forbidden | permission | permitted | not allowed | restrict | whitelist | white list
        allow ?-?list | challenge | abuse | complain | \btls\b | starttls | encrypt | certificate | 8bit | smtputf8
        size\b | bare (?:lf|cr) | backscatter
        [ée]metteur | fully qualified | \babus\b | \bdynamic\b | hostname | \bconfirm | captcha | mass mail"""
    )
)


#: An answer to the mail itself comes from a filter as well: phones in Japan know nobody whose owner wants no such mail.
_AFTER_DATA = re.compile(r"(?:in reply to|after) (?:end of )?data|>>> data")
#: IronPort puts this before whatever was answered to RCPT.
_SAYS_NOTHING = "unknown address error"


def is_mailbox_gone(words: str) -> bool:
    """Whether this answer, with its statuses and reply codes, says that there is no such mailbox (any more).

    `words` are foreign and may be long: the first 4,000 characters are read. False where they name another reason as
    well, and after an answer of class 4.
    """
    answer = _LINE_OF_REPLY.sub(r"\1 ", " ".join(words[:_MOST_CHARS].lower().split()))
    statuses, replies = set(_STATUS.findall(answer)), set(_REPLY.findall(answer))
    if statuses - _GONE - _VAGUE or any(reply.startswith("4") for reply in replies):
        return False
    answer = " ".join(_NO_WORDS.sub(" ", _ADDRESS.sub("@", answer)).split())
    if "5.4.1" in statuses:
        answer = answer.replace(_EDGE_BLOCKED, "no such user")
    rest, count = _GONE_WORDS.subn(" ", answer.replace(_SAYS_NOTHING, ""))
    if _AFTER_DATA.search(answer):
        count = 0
    by_status = (
        bool(statuses & _GONE) and statuses <= _GONE | {"5.0.0"} and "552" not in replies
    )  # RFC 5321: over quota
    is_gone = count > 0 or by_status
    return is_gone and not _SOMETHING_ELSE.search(rest)
