"""What a mail to the newsletter asks for. The mails in tests/replies are our own, in the shapes of real programs."""

import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from email import message_from_bytes
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.addresses import subscriber_id
from newsletter.mail.inbound.command_words import WORDS, Command
from newsletter.mail.inbound.commands import VoteMarks
from newsletter.mail.inbound.folding import fold_words
from newsletter.mail.inbound.parse import Ignored, Request, read_reply
from newsletter.mail.inbound.writer import Envelope, ReplyPolicy
from newsletter.signing import Purpose, Signer
from tests import TESTS

REPLIES = TESTS / "replies"
WHO, ON = "s_aaaaaaaa", date(2026, 11, 22)
SIGNER = Signer(["an old key of the newsletter", "the key of the newsletter"])
TAG = SIGNER.tag(Purpose.REPLY, WHO, ON)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
READER = "reader@example.org"


def read_votes(line: str) -> VoteMarks:
    parts = line.split()
    if not parts or not all(re.fullmatch(r"[+-]\d{1,2}", part) for part in parts):
        return ()
    return tuple((abs(int(part)), 1 if part.startswith("+") else -1) for part in parts)


HOUSE = ReplyPolicy(SIGNER, {"digest@example.org", "news@example.org"}, {READER}, "", read_votes)

_C = Command
WANTED = {
    "gmail_top": _C.UNSUBSCRIBE,
    "gmail_de": _C.UNSUBSCRIBE,
    "gmail_fr": _C.PAUSE,
    "gmail_es": _C.UNSUBSCRIBE,
    "gmail_pt": _C.UNSUBSCRIBE,
    "gmail_it": _C.HELP,
    "gmail_zh": _C.UNSUBSCRIBE,
    "gmail_ja": _C.UNSUBSCRIBE,
    "gmail_votes": _C.VOTE,
    "gmail_profile": _C.PROFILE,
    "gmail_button": _C.UNSUBSCRIBE,
    "mailto_with_fill_in": _C.UNSUBSCRIBE,
    "outlook_desktop": _C.UNSUBSCRIBE,
    "outlook_desktop_de": _C.UNSUBSCRIBE,
    "outlook_external": _C.WEEKLY,
    "outlook_web_html_only": _C.UNSUBSCRIBE,
    "outlook_mobile": _C.UNSUBSCRIBE,
    "apple_mail": _C.UNSUBSCRIBE,
    "apple_mail_de": _C.PAUSE,
    "ios": _C.UNSUBSCRIBE,
    "thunderbird_top": _C.RESUME,
    "thunderbird_bottom": _C.UNSUBSCRIBE,
    "thunderbird_bottom_de": _C.UNSUBSCRIBE,
    "thunderbird_interleaved_command": _C.WEEKDAYS,
    "android_samsung": _C.UNSUBSCRIBE,
    "k9": _C.DAILY,
    "windows_1252": _C.WEEKLY,
    "windows_1252_quoted_printable": _C.UNSUBSCRIBE,
    "latin_1_said_to_be_ascii": _C.DAILY,
    "charset_nobody_knows": _C.DAILY,
    "iso_2022_jp": _C.PAUSE,
    "gb2312_base64": _C.PAUSE,
    "subject_encoded": _C.WEEKLY,
    "subject_answered": _C.UNSUBSCRIBE,
    "greeting_first": _C.UNSUBSCRIBE,
    "profile_changed": _C.PROFILE,
    "profile_answered": _C.PROFILE,
    "pause_in_the_past": _C.HELP,
    "thunderbird_below": _C.UNSUBSCRIBE,
    "thunderbird_below_at_once": _C.WEEKLY,
    "thunderbird_below_text_only": _C.UNSUBSCRIBE,
    "apple_button": _C.UNSUBSCRIBE,
}
NO_COMMAND = """
    gmail_thanks gmail_nothing_said gmail_it_nothing_said gmail_ja_nothing_said gmail_signature_first
    gmail_pause_in_a_sentence outlook_desktop_thanks outlook_desktop_nothing_said outlook_web_html_only_thanks
    html_only_nothing_said html_only_quote_without_marks outlook_mobile_signature_only apple_mail_forwarded_to_us
    ios_nothing_said thunderbird_bottom_thanks thunderbird_interleaved wrapped_quote wrapped_quote_at_its_end
    quote_without_marks quote_of_the_footer_alone android_samsung_nothing_said k9_signature_above
    subject_answered_with_other_words subject_says_more a_question not_now profile_thanks attached_command
    forwarded_as_attachment thunderbird_below_thanks thunderbird_below_nothing_said wrapped_quote_with_html
""".split()
IGNORED = {
    "out_of_office": "an automatic answer",
    "out_of_office_old_style": "an automatic answer",
    "vacation_precedence": "bulk mail",
    "apple_vacation": "an automatic answer",
    "out_of_office_without_marks": "no command in it",
    "mailing_list": "bulk mail",
    "mailing_list_without_precedence": "a mailing list's mail",
    "calendar_accepted": "a calendar's answer",
    "delivery_report": "a report of a mail system",
    "from_mailer_daemon": "it comes from a machine",
    "from_ourselves": "it comes from ourselves",
    "two_senders": "it does not have one sender",
    "empty_return_path": "it has no sender: a bounce, or an automatic answer",
    "stranger": "nobody we know: no tag of ours, no From that DKIM proves",
    "forged_tag": "nobody we know: no tag of ours, no From that DKIM proves",
}


def mail(name: str, tag: str = TAG) -> bytes:
    return (REPLIES / f"{name}.eml").read_bytes().replace(b"TAG", tag.encode())


NOTHING_MORE = Envelope()


def read(raw: bytes, envelope: Envelope = NOTHING_MORE, policy: ReplyPolicy = HOUSE) -> Request | Ignored:
    return read_reply(raw, policy, now=NOW, envelope=envelope)


def request(raw: bytes) -> Request:
    found = read(raw)
    assert isinstance(found, Request), found
    assert found.is_understood
    return found


def is_not_understood(found: Request | Ignored) -> bool:
    """It does nothing; its reader, who has a tag, is told what there is."""
    return isinstance(found, Request) and found.command is Command.HELP and not found.is_understood


def own_text(body: str, subject: str = "Re: 2 papers", *, to: str = f"news+{TAG}@example.org", more: str = "") -> bytes:
    head = f"From: Rita <{READER}>\nTo: {to}\nSubject: {subject}\n{more}Content-Type: text/plain; charset=utf-8\n"
    return f"{head}Content-Transfer-Encoding: 8bit\n\n{body}\n".encode()


@pytest.mark.parametrize("name", WANTED)
def test_a_command_is_understood_whatever_program_sent_it(name: str) -> None:
    found = request(mail(name))
    assert (found.subscriber_id, found.digest_on, found.command) == (WHO, ON, WANTED[name])
    assert (found.at, found.mail) == (datetime(2026, 11, 22, 7, 30, tzinfo=UTC), found.references[-1])


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_no_command_of_a_reader_is_ignored(name: str) -> None:
    assert read(mail(name)) == Ignored(IGNORED[name])


@pytest.mark.parametrize("name", NO_COMMAND)
def test_what_a_reader_says_in_other_words_does_nothing(name: str) -> None:
    found = read(mail(name))
    assert is_not_understood(found), found


def test_every_mail_of_the_folder_is_expected_to_mean_something() -> None:
    assert {path.stem for path in REPLIES.glob("*.eml")} == {*WANTED, *IGNORED, *NO_COMMAND}


@pytest.mark.parametrize("name", [*WANTED, *IGNORED, *NO_COMMAND])
def test_line_ends_do_not_matter(name: str) -> None:
    assert read(mail(name).replace(b"\n", b"\r\n")) == read(mail(name))


@pytest.mark.parametrize(
    "greeting",
    [
        *("Hello Morning Papers,", "Dear all,", "Hi!", "Good morning", "Sehr geehrte Damen und Herren,", "Guten Tag,"),
        *("Liebes Team!", "Madame, Monsieur,", "Bonjour à tous :", "Buenos días a todos:", "Estimados señores:"),
        *("Prezados senhores,", "Bom dia,", "Gentili Signori,", "Buongiorno a tutti,", "您好：", "尊敬的编辑："),
        *("こんにちは。", "お世話になっております。"),
        *("Hello,\nmany thanks!", "Morning Papers 様、\n\nお世話になっております。", "編集部御中"),
    ],
)
def test_a_greeting_in_a_line_of_its_own_is_passed_over(greeting: str) -> None:
    assert request(own_text(f"{greeting}\n\nunsubscribe\n\nRita")).command is Command.UNSUBSCRIBE
    assert is_not_understood(read(own_text(f"{greeting}\nthank you for the mails.")))


@pytest.mark.parametrize(
    "line",
    [
        "Hello, I do not want to",
        "Hi there, please never",
        "Hola, no quiero",
        "Dear reader who asked me to",
        "Liebe Leute, bitte nicht",
    ],
)
def test_a_sentence_that_begins_with_a_greeting_and_is_broken_before_a_command_is_none(line: str) -> None:
    assert is_not_understood(read(own_text(f"{line}\nunsubscribe")))


def test_a_subject_that_the_mail_program_makes_of_our_link_is_enough() -> None:
    assert request(own_text("", "unsubscribe")).command is Command.UNSUBSCRIBE


def test_only_the_first_line_counts() -> None:
    assert is_not_understood(read(own_text("This one is mine.\n\nunsubscribe")))
    quoted = "On 22/11/2026 07:10, Morning Papers wrote:\n> One\n\nThis one is mine.\n\n> Two\n\nunsubscribe\n"
    assert is_not_understood(read(own_text(quoted)))


# --- below a quote


QUOTED = (
    "On 22/11/2026 07:10, Morning Papers wrote:\n> Announced on arXiv: 20 November\n> To leave, reply “unsubscribe”."
)


@pytest.mark.parametrize("mark", [">", "> ", ">>", "> >", "|", "＞", ">\t"])
def test_the_mark_alone_ends_a_quote(mark: str) -> None:
    assert request(own_text(f"{QUOTED}\n{mark}\nweekly")).command is Command.WEEKLY
    assert is_not_understood(read(own_text(f"{QUOTED}\n{mark}\nThis one is mine.\nunsubscribe")))
    assert is_not_understood(read(own_text(f"{QUOTED}\n{mark}\n“unsubscribe”")))


def test_behind_a_quoted_line_with_words_the_text_alone_proves_nothing() -> None:
    assert is_not_understood(read(own_text(f"{QUOTED}\nunsubscribe")))
    assert is_not_understood(read(own_text(f"{QUOTED}\nunsubscribe\n>")))
    assert is_not_understood(read(own_text(f"{QUOTED}\n>\nunsubscribe\n> or open")))


def alternative(text: str, html: str) -> bytes:
    parts = [
        f"Content-Type: text/{kind}; charset=utf-8\n\n{body}\n" for kind, body in (("plain", text), ("html", html))
    ]
    head = f"From: {READER}\nTo: news+{TAG}@example.org\nSubject: Re: 2 papers\nMIME-Version: 1.0\n"
    return f'{head}Content-Type: multipart/alternative; boundary="b"\n\n--b\n{parts[0]}--b\n{parts[1]}--b--\n'.encode()


OURS = "<h1>Morning Papers</h1><p>To leave, reply with the word</p><p>unsubscribe</p>"
BELOW = {
    "Thunderbird": "<div class='moz-cite-prefix'>On x wrote:<br></div><blockquote type='cite'>{}</blockquote><p>{}</p>",
    "Thunderbird, no paragraph": "<div class=moz-cite-prefix>x</div><blockquote>{}</blockquote>{}<br>",
    "Gmail": "<div class=gmail_quote><div class=gmail_attr>x</div><blockquote>{}</blockquote></div>{}",
    "Apple Mail": "<div><blockquote type=cite><div>On x</div><div>{}</div></blockquote></div><div>{}</div>",
    "Proton": "<div class=protonmail_quote>x<br><blockquote class=protonmail_quote>{}</blockquote></div><div>{}</div>",
    "quoted twice": "<blockquote><blockquote>{}</blockquote><p>unsubscribe</p></blockquote><p>{}</p>",
}
ALL_QUOTED = {
    "Outlook": "<div id=divRplyFwdMsg>From: x</div>{}<p>{}</p>",
    "Outlook, a blockquote in it": "<div id=appendonsend></div><blockquote>{}</blockquote><p>{}</p>",
    "Yahoo": "<div class='yahoo_quoted'>{}<p>{}</p></div>",
    "Gmail, forwarded": "<div class=gmail_quote>{}<p>{}</p></div>",
    "a blockquote that does not end": "<blockquote>{}<p>{}</p>",
    "its end in a comment": "<blockquote>{}<!-- </blockquote> --><p>{}</p></blockquote>",
    "nothing below it": "<blockquote>{}<p>{}</p></blockquote><p><br></p>",
}


@pytest.mark.parametrize("program", BELOW)
@pytest.mark.parametrize("end", ["", "\n>", "\n> >"])
def test_where_the_text_leaves_a_doubt_the_html_says_what_is_the_readers(program: str, end: str) -> None:
    text = f"{QUOTED}{end}\n{{}}"
    for word, command in (("unsubscribe", Command.UNSUBSCRIBE), ("wöchentlich", Command.WEEKLY)):
        assert request(alternative(text.format(word), BELOW[program].format(OURS, word))).command is command
    thanks = "Thank you!"
    assert is_not_understood(read(alternative(text.format(thanks), BELOW[program].format(OURS, thanks))))
    assert is_not_understood(read(alternative(text.format("unsubscribe"), BELOW[program].format(OURS, ""))))


@pytest.mark.parametrize("program", ALL_QUOTED)
@pytest.mark.parametrize("end", ["", "\n>"])
def test_a_wrapped_quote_never_acts_whatever_html_stands_beside_it(program: str, end: str) -> None:
    html = ALL_QUOTED[program].format(OURS, "unsubscribe")
    assert is_not_understood(read(alternative(f"{QUOTED}{end}\nunsubscribe", html)))


# --- who is answered with what there is


def test_only_who_has_a_tag_is_told_what_there_is() -> None:
    raw = own_text("Thank you!", to="news@example.org")
    assert read(raw, Envelope(dkim_domains=("example.org",))) == Ignored("no command in it")


@pytest.mark.parametrize(
    "more", ["X-Auto-Response-Suppress: All\n", "Auto-Submitted: auto-generated\n", "X-Autoreply: 1\n"]
)
def test_no_program_is_told_what_there_is(more: str) -> None:
    assert isinstance(read(own_text("I am away.", more=more)), Ignored)


@pytest.mark.parametrize("subject", ["Automatic reply: 2 papers", "Automatische Antwort", "ABSENCE : x", "自動返信"])
def test_nor_is_a_program_that_says_so_in_its_subject_alone_but_a_wish_is_done(subject: str) -> None:
    assert read(own_text("I am away.", subject)) == Ignored("no command in it")
    assert request(own_text("weekly", subject)).command is Command.WEEKLY


# --- the button of Apple Mail


@pytest.mark.parametrize("subject", ["unsubscribe", "Unsubscribe", "", "Abmelden", "Re: 2 papers"])
def test_apples_button_is_a_wish_that_wants_no_answer(subject: str) -> None:
    more = "Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n"
    found = request(own_text("Apple Mail wrote this.", subject, more=more))
    assert (found.command, found.wants_answer) == (Command.UNSUBSCRIBE, False)
    unknown = own_text("unsubscribe", subject, to="news@example.org", more=more)
    assert isinstance(read(unknown), Ignored)


@pytest.mark.parametrize("value", ["false", "", "no", "0", "truely", "x true"])
def test_without_it_an_automatic_mail_is_no_wish(value: str) -> None:
    more = f"Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: {value}\n"
    assert read(own_text("unsubscribe", "unsubscribe", more=more)) == Ignored("an automatic answer")


def test_the_button_does_not_make_a_list_or_a_bounce_a_reader() -> None:
    button = "Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n"
    for more in ("List-Id: <x.example.org>\n", "Precedence: bulk\n", "Return-Path: <>\n"):
        assert isinstance(read(own_text("unsubscribe", "unsubscribe", more=button + more)), Ignored)


# --- the words


SAID = [
    (language, command, word)
    for language, words in WORDS.items()
    for command, alternatives in words.commands.items()
    for word in alternatives.split("|")
]


DRESSES = ("  {}  ", "{}.", "{}!", "**{}**")
DRESSED = [(*said, dress) for n, said in enumerate(SAID) for dress in ("{}", DRESSES[n % len(DRESSES)])]


@pytest.mark.parametrize(("language", "command", "word", "dress"), DRESSED)
def test_each_word_is_understood_bare_and_in_a_dress(language: str, command: Command, word: str, dress: str) -> None:
    assert request(own_text(dress.format(word))).command is command
    assert request(own_text(dress.format(word.upper()))).command is command
    assert request(own_text("", dress.format(word))).command is command


def test_no_word_means_two_things() -> None:
    meant: dict[str, set[Command]] = {}
    for _, command, word in SAID:
        meant.setdefault(fold_words(word), set()).add(command)
    assert {word for word, commands in meant.items() if len(commands) > 1} == set()


@pytest.mark.parametrize("language", WORDS)
def test_please_may_stand_before_or_behind_it(language: str) -> None:
    words = WORDS[language]
    word = words.commands[Command.UNSUBSCRIBE].split("|")[0]
    for please in words.polite.split("|"):
        gap = "" if language in {"zh", "ja"} else " "
        assert request(own_text(f"{word}{gap}{please}")).command is Command.UNSUBSCRIBE, please
        assert request(own_text(f"{please}, {word}")).command is Command.UNSUBSCRIBE, please


@pytest.mark.parametrize(
    "line",
    [
        *("do not unsubscribe", "unsubscribe?", "unsubscribe here", "I want to unsubscribe from life", "unsubscribed"),
        *("pause for thought", "pause 2 papers", "helpful", "daily life", "weekly report attached", "nicht abmelden"),
        *(
            "退订吗？",
            "不要退订",
            "profile of a hero",
            "resume attached",
            "please",
            "thanks",
            "",
            "...",
            "pause until soon",
            "pause until 5/6/2027",
            "pause 5/6/2027",
        ),
    ],
)
def test_a_line_that_says_more_or_less_is_no_command(line: str) -> None:
    assert is_not_understood(read(own_text(line)))


@pytest.mark.parametrize(
    ("line", "until"),
    [
        ("pause", date(2026, 12, 6)),
        ("pause 10 days", date(2026, 12, 2)),
        ("Pause for 3 weeks, please", date(2026, 12, 13)),
        ("pause 1 month", date(2026, 12, 22)),
        ("pause until 2026-12-24", date(2026, 12, 24)),
        ("pause jusqu’au 24/12/2026", date(2026, 12, 24)),
        ("pausa hasta el 4/12/2026", date(2026, 12, 4)),
        ("pausa até o dia 24/12/2026", date(2026, 12, 24)),
        ("pausa fino al 24/12/2026", date(2026, 12, 24)),
        ("Pause bis zum 24.12.2026", date(2026, 12, 24)),
        ("pausieren für 4 Wochen", date(2026, 12, 20)),
        ("suspendre pendant 3 semaines", date(2026, 12, 13)),
        ("pausar durante 2 semanas", date(2026, 12, 6)),
        ("pausa per 5 giorni", date(2026, 11, 27)),
        ("暂停２周", date(2026, 12, 6)),
        ("暂停到2026年12月24日", date(2026, 12, 24)),
        ("2週間休止", date(2026, 12, 6)),
        ("一時停止 2026年12月24日まで", date(2026, 12, 24)),
        ("pause until 24 December", date(2026, 12, 24)),
        ("Please pause until the 7th of January.", date(2027, 1, 7)),
        ("pause until Dec. 24, 2026", date(2026, 12, 24)),
        ("pause till january 1st", date(2027, 1, 1)),
        ("pause until November 22", date(2027, 11, 22)),  # today is one: the next is meant
        ("Pause bis zum 7. Januar", date(2027, 1, 7)),
        ("Pause bis 24. Dez. 2026", date(2026, 12, 24)),
        ("pause jusqu'au 1er janvier", date(2027, 1, 1)),
        ("pause jusqu’au 24 décembre 2026", date(2026, 12, 24)),
        ("pausa hasta el 7 de enero de 2027", date(2027, 1, 7)),
        ("pausa até 1º de janeiro", date(2027, 1, 1)),
        ("pausa fino al 7 gennaio", date(2027, 1, 7)),
        ("暂停到12月24日", date(2026, 12, 24)),
        ("一時停止 1月7日まで", date(2027, 1, 7)),
    ],
)
def test_a_pause_says_how_long(line: str, until: date) -> None:
    found = request(own_text(line))
    assert (found.command, found.until) == (Command.PAUSE, until)


@pytest.mark.parametrize(
    "line",
    [
        *("pause until 2026-11-22", "pause until 2026-02-30", "pause 999 months", "pause 0 days"),
        *("pause until 31 February", "pause until 24 December 2025", "pause until 24 December 2028"),
    ],
)
def test_a_pause_that_cannot_be_is_answered_with_help(line: str) -> None:
    assert request(own_text(line)).command is Command.HELP


LEAVING = """
    Please unsubscribe me from this newsletter.
    Please unsubscribe me from this mailing list. Thank you very much!
    I would like to unsubscribe from your list, thanks
    I’d like to unsubscribe
    Please remove my address from your mailing list
    Bitte melden Sie mich vom Newsletter ab.
    Ich möchte mich von diesem Newsletter abmelden. Danke!
    Ich möchte den Newsletter abbestellen
    Bitte tragen Sie mich aus dem Verteiler aus
    Ich bitte um Abmeldung
    Désinscrivez-moi de cette liste s'il vous plaît
    Merci de me désabonner de votre newsletter
    Veuillez me désinscrire
    Por favor, quiero darme de baja de esta lista
    Quiero cancelar mi suscripción a la lista
    Quero cancelar minha inscrição na lista. Muito obrigado!
    Não quero mais receber
    Vorrei cancellare la mia iscrizione alla newsletter, grazie mille
    Cancellatemi dalla lista per favore
    请帮我退订，谢谢
    我想取消订阅此邮件
    メールの配信停止をお願いいたします。
    購読を解除してください。よろしくお願いいたします。
    ニュースレターの退会希望です
""".strip().splitlines()
STAYING = """
    Please do not unsubscribe me from this list
    Bitte melden Sie mich nicht vom Newsletter ab
    No quiero darme de baja de esta lista
    How do I unsubscribe from this list?
    Tell me how to unsubscribe from this list
    I would like to
    from this list
    Ich möchte den Newsletter
    我想 此邮件
    My colleague would like to unsubscribe from your list
    I want to unsubscribe from cs.AI
    Merci de me désabonner de cs.AI
""".strip().splitlines()


SIGNATURES = """
    Sent from my iPhone
    Sent with Proton Mail secure email.
    Get Outlook for iOS<https://aka.ms/o0ukef>
    Von meinem Samsung Galaxy gesendet
    Gesendet mit der GMX Mail App
    Diese Nachricht wurde von meinem Android-Gerät mit GMX Mail gesendet.
    Envoyé depuis mon smartphone
    Enviado desde mi iPhone
    Enviado do meu iPhone
    Inviato da iPhone
    发自我的iPhone
    從我的 iPhone 傳送
    从我的 iPhone 发送
    iPhoneから送信
    Outlook for iOS から送信
""".strip().splitlines()


@pytest.mark.parametrize("line", SIGNATURES)
def test_a_phones_signature_is_no_part_of_a_profile(line: str) -> None:
    profile = "max_papers: 3\ntopics:\n  - name: Agents\n    relevant: agents that use tools"
    for gap in ("\n", "\n\n"):
        assert request(own_text(f"profile\n\n{profile}{gap}{line.strip()}")).text == profile


@pytest.mark.parametrize("line", LEAVING)
def test_who_leaves_may_say_so_in_a_whole_sentence(line: str) -> None:
    assert request(own_text(line.strip())).command is Command.UNSUBSCRIBE


@pytest.mark.parametrize("line", STAYING)
def test_a_sentence_that_says_anything_else_leaves_nobody_out(line: str) -> None:
    assert is_not_understood(read(own_text(line.strip())))


@pytest.mark.parametrize(
    "line",
    [
        *("pause for two weeks", "Pause für zwei Wochen", "pause de deux semaines", "pausa de dos semanas"),
        *("pausa de duas semanas", "pausa di due settimane", "暂停两周", "二週間休止", "pause two weeks please"),
    ],
)
def test_a_pause_may_have_its_number_in_words(line: str) -> None:
    assert request(own_text(line)).until == date(2026, 12, 6)


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n", "\n \n"])
def test_votes_may_stand_in_lines_of_their_own(between: str) -> None:
    """Up to the first line that is none."""
    body = between.join(["+3", "-5 +7", "+9", "Thank you!", "+11"])
    assert request(own_text(body)).votes == ((3, 1), (5, -1), (7, 1), (9, 1))


def test_votes_are_read_from_the_first_line_by_whom_they_concern() -> None:
    assert request(mail("gmail_votes")).votes == ((1, 1), (2, -1))


@pytest.mark.parametrize(
    "line", ["+3 -5 thanks!", "Bitte +3 -5", "Hi, +3 -5", "+3 -5, merci", "＋３　－５ Danke", "+3 -5"]
)
def test_please_and_thanks_may_stand_beside_votes(line: str) -> None:
    assert request(own_text(line)).votes == ((3, 1), (5, -1))


@pytest.mark.parametrize(
    ("body", "further"),
    [
        ("wöchentlich\nPause 3 Wochen", ("Pause 3 Wochen",)),
        ("weekly\n\nThank you!\n\npause\n+3", ("pause", "+3")),
        ("+3\n-5\nweekly", ("weekly",)),
        ("profile\npause 2 weeks", ("pause 2 weeks",)),
        ("pause 2 weeks\npause 3 weeks", ("pause 3 weeks",)),
        ("weekly\ndaily\nweekly\npause\nhelp\nresume", ("daily", "pause", "help")),
        ("unsubscribe\n\nUnsubscribe!\nabmelden", ()),
        ("+3\n\n-5", ()),
        ("weekly\nI would not unsubscribe, but daily is too much.\nBest,\nRita", ()),
        ("weekly\n“unsubscribe”\n-- \nRita\n+49 30 1234", ()),
        ("weekly\n> unsubscribe\n\nOn Monday Papers wrote:\n> pause", ()),
        ("profile\nmax_papers: 3\nweekly", ()),
    ],
)
def test_what_is_asked_for_beside_the_first_wish_is_known_as_not_done(body: str, further: tuple[str, ...]) -> None:
    assert request(own_text(body)).further == further


def test_a_changed_profile_comes_without_the_command_the_signature_and_the_quote() -> None:
    text = request(mail("profile_changed")).text
    assert text.startswith("categories: [cs.LG, cs.CL]\ntopics:\n  - name: Läufer\n")
    assert "Rita" not in text
    assert "arXiv" not in text
    assert request(mail("profile_answered")).text.startswith("categories: [cs.LG]\n")
    assert request(mail("gmail_profile")).text == ""


PROFILE = "topics:\n  - name: Läufer\n    relevant: >-\n      Recurrences & more\n\nmax_papers: 9"


def _html_lines(line_of: Callable[[str], str]) -> str:
    return "\n".join(line_of(line) for line in f"profile\n\n{PROFILE}".split("\n"))


def _indented(line: str, two_spaces: str = "&nbsp;&nbsp;") -> str:
    bare = line.lstrip(" ")
    return two_spaces * ((len(line) - len(bare)) // 2) + escape(bare)


@pytest.mark.parametrize(
    "html",
    [
        _html_lines(lambda line: f"<div>{_indented(line) or '<br>'}</div>"),
        _html_lines(lambda line: f"<div>\n{_indented(line, '&nbsp; ') or '<br>'}\n</div>"),
        _html_lines(lambda line: f"{_indented(line)}<br>"),
        _html_lines(lambda line: f"{_indented(line, '&#160;&#xA0;')}<BR/>"),
        f"profile<br><br><pre>{escape(PROFILE)}</pre>",
        f"<pre>profile\n\n{escape(PROFILE)}</pre><p>\n  </p>",
        f'<div style="font: 1em; white-space: pre-wrap">profile\r\n\r\n{escape(PROFILE)}</div>',
        f"<div><span style='white-space:pre'><span>profile</span>\n\n{escape(PROFILE)}</span></div>",
    ],
)
def test_a_profile_in_html_alone_keeps_its_lines_and_their_indentation(html: str) -> None:
    raw = own_text(f"<html><body>\n{html}\n</body></html>").replace(b"text/plain", b"text/html")
    assert request(raw).text.strip("\n") == PROFILE


@pytest.mark.parametrize("line", ["<p class=MsoNormal>{}<o:p></o:p></p>", "<p style='margin:0'><span>{}</span></p>"])
def test_paragraphs_of_html_keep_their_indentation(line: str) -> None:
    raw = own_text(_html_lines(lambda each: line.format(_indented(each) or "&nbsp;")))
    text = request(raw.replace(b"text/plain", b"text/html")).text
    assert [each for each in text.split("\n") if each] == [each for each in PROFILE.split("\n") if each]


# --- who


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"])
def test_the_tag_is_where_the_server_wrote_it(header: str) -> None:
    raw = own_text("help", to="news@example.org")
    assert isinstance(read(raw), Ignored)
    assert request(f"{header}: <news+{TAG}@example.org>\n".encode() + raw).subscriber_id == WHO


def test_the_intake_may_know_the_recipient_and_the_sender() -> None:
    raw = own_text("help", to="news@example.org")
    assert isinstance(read(raw, Envelope(to=(f"news+{TAG.upper()}@example.org",), sender=READER)), Request)
    assert read(own_text("help"), Envelope(sender="")) == Ignored("it has no sender: a bounce, or an automatic answer")


@pytest.mark.parametrize(
    "tag", [SIGNER.tag(Purpose.BOUNCE, WHO, ON), Signer(["another's key"]).tag(Purpose.REPLY, WHO, ON), "x", ""]
)
def test_a_tag_that_is_not_for_replies_is_worth_nothing(tag: str) -> None:
    assert isinstance(read(own_text("unsubscribe", to=f"news+{tag}@example.org")), Ignored)


RESULTS = (
    "Authentication-Results: mx.example.org; dkim={} header.d={} header.s=k1; dmarc=pass header.from=example.org\n"
)


@pytest.mark.parametrize(
    ("result", "authserv_id", "is_known"),
    [
        (RESULTS.format("pass", "example.org"), "mx.example.org", True),
        (RESULTS.format("pass", "EXAMPLE.org"), "MX.example.org", True),
        (RESULTS.format("pass", "example.org"), "", False),
        (RESULTS.format("pass", "example.org"), "mx.example.com", False),
        (RESULTS.format("fail", "example.org"), "mx.example.org", False),
        (RESULTS.format("pass", "example.net"), "mx.example.org", False),
        (RESULTS.format("pass", "mail.example.org"), "mx.example.org", False),
        (RESULTS.format("pass", "org"), "mx.example.org", False),
        (RESULTS.format("none (dkim=pass header.d=example.org)", "x"), "mx.example.org", False),
        (RESULTS.format("fail", "x.org") + RESULTS.format("pass", "example.org"), "mx.example.org", False),
        ("", "mx.example.org", False),
    ],
)
def test_without_a_tag_a_from_counts_if_our_own_server_found_its_signature_good(
    result: str, authserv_id: str, is_known: bool
) -> None:
    policy = ReplyPolicy(SIGNER, HOUSE.ours, HOUSE.readers, authserv_id, read_votes)
    found = read(own_text("unsubscribe", to="news@example.org", more=result), policy=policy)
    assert isinstance(found, Request) is is_known
    if isinstance(found, Request):
        assert found.subscriber_id == subscriber_id(READER)


def test_a_good_signature_of_somebody_unknown_does_nothing() -> None:
    raw = own_text("unsubscribe", to="news@example.org").replace(READER.encode(), b"mallory@example.org")
    assert isinstance(read(raw, Envelope(dkim_domains=("example.org",))), Ignored)
    ours = own_text("unsubscribe", to="news@example.org")
    assert isinstance(read(ours, Envelope(dkim_domains=("example.org",))), Request)


def test_a_from_counts_by_its_address_not_by_the_id_that_another_may_have() -> None:
    """Ids have 40 bits: whoever looks for it finds an address with somebody else's in seconds."""
    reader, stranger = "prof1194199@uni.example.org", "x84215@evil.example.net"
    assert subscriber_id(reader) == subscriber_id(stranger)
    policy = ReplyPolicy(SIGNER, HOUSE.ours, {reader}, "", read_votes)
    for sender, is_known in ((stranger, False), (reader, True), ("Prof1194199+papers@Uni.example.org", True)):
        raw = own_text("unsubscribe", to="news@example.org").replace(READER.encode(), sender.encode())
        found = read(raw, Envelope(dkim_domains=(sender.rpartition("@")[2].lower(),)), policy)
        assert isinstance(found, Request) is is_known, sender


def test_without_a_tag_our_message_id_says_which_mail_is_meant() -> None:
    more = f"In-Reply-To: <2026-11-20.{subscriber_id(READER)}@example.org>\n"
    found = read(own_text("+1", to="news@example.org", more=more), Envelope(dkim_domains=("example.org",)))
    assert isinstance(found, Request)
    assert found.digest_on == date(2026, 11, 20)


# --- nothing that we wrote, and nothing that is broken, does anything


QUOTE = (REPLIES / "quote_without_marks.eml").read_text(encoding="utf-8").partition("\n\n")[2]
INTROS = [
    "On 22/11/2026 07:10, Morning Papers wrote:",
    "Morning Papers <digest@example.org> 写道：",
    "-----Original Message-----",
]
HARMLESS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).map(lambda said: f"I think {said}")


@given(
    said=st.one_of(st.just(""), HARMLESS),
    intro=st.sampled_from(["", *INTROS]),
    mark=st.sampled_from(["", "> ", ">", "| ", "    "]),
    start=st.integers(0, 900),
    width=st.sampled_from([20, 34, 60, 72, 1000]),
    gap=st.sampled_from(["\n", "\n\n", "\n\n\n"]),
)
def test_no_quote_of_our_mail_under_a_sentence_that_is_no_command_does_anything(
    said: str, intro: str, mark: str, start: int, width: int, gap: str
) -> None:
    """Wherever the quote begins, whatever marks it, and however a program has wrapped it."""
    lines = QUOTE.splitlines()[start % 20 :]
    quoted = "\n".join(mark + line[i : i + width] for line in lines for i in range(0, max(1, len(line)), width))
    assert is_not_understood(read(own_text(f"{said}{gap}{intro}\n{quoted}")))


def test_thousands_of_damaged_mails_break_nothing_and_ask_for_nothing_else() -> None:
    chance = random.Random(22)
    names = sorted([*WANTED, *IGNORED, *NO_COMMAND])
    mails = {name: mail(name) for name in names}
    for _ in range(2_000):
        name = chance.choice(names)
        raw = bytearray(mails[name])
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(raw))
            end = min(len(raw), start + chance.choice([0, 1, 3, 30]))
            raw[start:end] = chance.choice(
                [b"", chance.randbytes(chance.randint(1, 6)), b"\n", b"=", b"\n\n", b"<", b">"]
            )
        found = read(bytes(raw))
        if isinstance(found, Request) and found.is_understood:
            assert found.subscriber_id == WHO
            # what a damaged line cuts off from the headers is text: the subject, say, or the "-8" of a charset; and
            # without the blank line in between all of the text is headers
            torn = message_from_bytes(bytes(raw))
            is_torn = "Content-Type" not in torn or not torn.get_payload() or found.votes == ((8, -1),)
            assert is_torn or found.command in _may_be(name), bytes(raw)


def _may_be(name: str) -> set[Command]:
    """One damaged octet can take the mark off an automatic mail or a file, and its text then counts."""
    wanted = WANTED.get(name)
    if wanted is None:
        says_it = name not in NO_COMMAND or "attach" in name
        return set() if not says_it else {Command.UNSUBSCRIBE, Command.PAUSE}
    return {wanted, Command.HELP} if wanted is Command.PAUSE else {wanted}


@given(st.binary(max_size=400))
def test_bytes_that_are_no_mail_are_ignored(junk: bytes) -> None:
    assert isinstance(read(junk), Ignored)
