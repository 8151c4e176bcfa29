"""What proves that a mailbox is gone, in the words of many mail systems; addresses and hosts are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.mailbox_gone import is_mailbox_gone

GONE = (
    "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown in relay recipient table",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the "
    "recipient's email address for typos or\n550-5.1.1 unnecessary spaces.\n550 5.1.1  https://help.example.org/?p=No",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient a@example.org not found by SMTP address lookup",
    "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM7.eur03.prod.example.org]",
    "550 5.4.1 [a@example.org]: Recipient address rejected: Access denied",
    "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [x.prod.example.org]",
    "554 delivery error: dd This user doesn't have a webmail.example account (a@example.org) [0] - mta1.example.net",
    "552 1 Requested mail action aborted, mailbox not found",
    "550 5.7.1 No such user!",
    "550 Message was not accepted -- invalid mailbox.  Local mailbox a@example.org is unavailable: user not found",
    "550 Mailbox not found. https://help.example.org/?id=20022",
    "550 User not found: a@example.org",
    "550 5.1.1 <a@example.org> Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]",
    "550 5.1.1 Not our Customer",
    "550 Invalid Recipient - https://community.mimecast.example/docs/DOC-1369#550 [x]",
    "550 5.1.1 <a@example.org>... User unknown",
    "550 No Such User Here",
    "550 No such user here",
    "551 5.1.6 The recipient has moved and left no address",
    "550 5.1.1 unknown or illegal alias: a@example.org",
    "550 5.1.1 <a@example.org>: user does not exist",
    "Sorry, no mailbox here by that name. (#5.1.1)",
    "550 sorry, no mailbox here by that name (#5.1.1 - chkuser)",
    "User a (a@example.org) not listed in Domino Directory",
    "550 5.1.1 a@example.org... Recipient address unknown",
    "550 user unknown",
    "5.0.0 550 <a@example.org> recipient unknown",
    "550 5.1.3 bad destination mailbox address syntax",
    "556 5.1.10 Recipient address has null MX",
    "550 5.2.1 The email account does not exist",
    "550 5.1.0 <a@example.org> User unknown",
    "550 5.0.0 <a@example.org>... Unknown user",
    "5.1.1",
    "5.1.6",
    "550 5.1.1",
    "550 5.1.1 Utilisateur inconnu",
    "550 5.1.1 Mailbox does not exist",
    "550 unknown user account",
    "550 mailbox <a@example.org> does not exist",
    "550 Address a@example.org does not exist",
    "550 unknown recipient",
    "550 Unknown local part a in <a@example.org>",
    "550 a@example.org is not a valid mailbox",
    "550 5.1.1 <a@example.org> is not a valid mailbox",
    "550 invalid user",
    "550 This address no longer accepts mail.",
    "550 <a@example.org>: Recipient not found",
    "550 No such recipient here",
    "550 Account a@example.org does not exist",
    "550 5.1.1 The email address you entered couldn't be found. Please check",
    "550 5.1.1 sorry, no such person at this address",
    "550 RCPT TO:<a@example.org> User unknown",
    "550 #5.1.0 Address rejected a@example.org: user unknown",
    "550 there is no one at this address",
    "550 not a known user",
    "5.1.1 550 5.1.1 User has moved to an unknown address",
    "smtp; 550 5.1.1 No such user - psmtp",
    "550 Non-existent user",
    "550 recipient is not found",
    "550 5.1.1 [Proofpoint] user unknown",
    "550 mailbox not found",
    "550 Mailbox is unknown",
    "5.1.0 - Unknown address error 550-'5.1.1 User unknown'",
    "550 5.1.1 User unknown (in reply to end of DATA command)",
    "553 5.3.0 <a@example.org>... Addressee unknown, relay=[192.0.2.7]",
    "550 <a@example.org> not found",
    "550 a@example.org does not exist",
    "550 this email address is wrong or no longer valid",
    "550 no existe dicha persona",
    "L'adresse de messagerie ci-dessus n'existe pas",
    "x-unix; 550 user unknown",
    "550 The account you are trying to reach does not exist",
    "550 5.1.1 The user you are trying to contact does not exist",
)

#: What passes, and what is about us.
NOT_GONE = (
    "550 5.2.2 mailbox full",
    "552 5.2.2 <a@example.org>: over quota",
    "550 Mailbox quota exceeded",
    "552 Mailbox of the recipient is over quota",
    "550 5.1.1 mailbox is full",
    "550 5.1.1 <a@example.org>: Recipient address rejected: Mailbox full",
    "550 DMARC check failed for your domain",
    "550 5.7.26 unauthenticated mail from example.org",
    "501 5.1.8 Sender address rejected: domain does not resolve",
    "550 5.1.7 Invalid sender address",
    "553 5.1.8 Domain of sender address bounces@example.org does not exist",
    "550 5.1.1 Sender address rejected: User unknown in local recipient table",
    "550 5.1.0 sender rejected",
    "550 Sender verify failed: no such user",
    "550-Verification failed for <bounces@example.org> 550-No Such User Here 550 Sender verify failed",
    "554 Message refused: virus found",
    "550 Connection frequency limited",
    "451 4.7.1 Greylisted",
    "450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: user unknown",
    "450 user unknown",
    "4.4.7 550 4.4.7 QUEUE.Expired; message expired",
    "4.4.1 connect to mx.example.net: Connection timed out",
    "5.0.0",
    "5.4.4 Host or domain name not found. Name service error for name=example.org type=A: Host not found",
    "5.1.2 550 Host unknown (Name server: example.org: host not found)",
    "550 5.1.2 unknown host",
    "5.4.6 hop count exceeded - possible mail loop",
    "554 5.4.14 Hop count exceeded - possible mail loop ATTR34",
    "550 5.4.5 Daily user sending limit exceeded",
    "550 5.7.1 Relaying denied",
    "554 5.7.1 <a@example.org>: Relay access denied",
    "554 5.7.1 <a@example.org>: Recipient address rejected: Access denied",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a list of others",
    "554 5.7.1 Message rejected due to content restrictions",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "550 5.1.1 account disabled",
    "550 Message was not accepted -- invalid mailbox.  Local mailbox a@example.org is unavailable: account disabled",
    "554 delivery error: dd Sorry your message to a@example.org cannot be delivered. This mailbox is disabled.",
    "550 Requested action not taken: mailbox unavailable",
    "550 Requested action not taken: mailbox unavailable, see https://www.example.org/senderguidelines",
    "550 Mailbox unavailable or access denied",
    "550 5.1.1 Recipient rejected: rate limit",
    "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents",
    "550 Administrative prohibition",
    "550 5.3.4 message too big",
    "552 5.3.4 Message size exceeds fixed limit",
    "554 Blocked, see our list of addresses",
    "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
    "550 5.7.1 Email rejected per SPF policy",
    "550 5.1.1 <a@example.org> mailbox temporarily unavailable, try again later",
    "550 unrouteable address",
    "550 Unrouteable address",
    "550 5.1.1 Reverse DNS required",
    "550 5.1.1 your IP is on a blacklist",
    "521 5.2.1 AOL will not accept delivery of this message",
    "421 too many connections",
    "550 5.7.1 Your mail looks like spam",
    "5.3.5 Local configuration error",
    "554 5.3.5 system config error: mail loops back to me",
    "550 5.1.1 Benutzer hat das zugewiesene Speichervolumen überschritten",
    "550 Helo command rejected: Host not found",
    "550 5.7.25 The IP address sending this message does not have a PTR record",
    "550 5.6.1 8BITMIME not supported",
    "550 permission denied",
    "550 5.7.1 you are not allowed to send to this recipient",
    "554 5.0.0 Service unavailable",
    "554 rejected due to spam content",
    "550 recipient domain not found",
    "5.1.1 550 5.7.1 go away",
    "5.1.1 550 5.2.1 mailbox closed",
    "5.1.0 - Unknown address error 550-'Administrative rejection'",
    "5.1.0 - Unknown address error 550-'5.7.1 go away'",
    "550 Unknown user a@example.org (in reply to end of DATA command)",
    "5.0.0 550 Unknown user a@example.org >>> DATA",
    "5.1.1 user over the allowed space",
    "550 5.1.1 user has no space left",
    "550 5.1.2 User reject",
    "550 5.1.1 the user refuses to receive this mail",
    "550 5.1.1 refused due to recipient preferences",
    "550 5.1.1 you are a non-member of this mailing list",
    "550 5.1.1 sorry, your envelope recipient is in my badrcptto list (#5.1.1)",
    "550 5.1.1 backscatter protection detected an invalid or expired email address",
    "550 5.1.1 Veuillez essayer plus tard",
    "553 5.1.3 fully qualified address required",
    "550 5.1.1 user missing home directory",
    "550 mx.mail.example.org does not exist",
    "550 mail for example.org does not exist here, said mx.example.org",
    "550 domain example.net does not exist",
    "550 5.1.1 recipient's domain does not exist",
    "550 no such domain here",
    "5.4.1 No answer from host",
    "550 5.4.1 Relay Access Denied",
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
    "550 5.7.124 sender not in allowed-senders list",
    "550 5.4.300 message expired",
    "550 5.4.310 DNS domain does not exist",
    "550 5.2.0 STOREDRV.Deliver; delivery result banner",
    "550 user's mailbox has exceeded its storage",
    "550 Address rejected",
    "550 #5.1.0 Address rejected",
    "554 qq Sorry, no valid recipients - policy",
    "5.0.0 550 message rejected",
    "550 5.5.1 Protocol error",
    "550 TLS required",
)

#: Any of these beside a proof takes it back.
DOUBTS = (
    "quota exceeded",
    "mailbox full",
    "rate limit",
    "too many messages",
    "try again later",
    "temporarily",
    "greylisted",
    "sender address rejected",
    "SPF fail",
    "DKIM signature missing",
    "DMARC policy of example.org",
    "looks like spam",
    "a virus was found",
    "your IP is blocked",
    "on a blacklist",
    "bad reputation",
    "local policy",
    "timeout",
    "hop count exceeded",
    "mail loop",
    "relaying denied",
    "account disabled",
    "connection refused",
    "name server failure",
    "certificate expired",
)
STATUSES_ABOUT_OTHERS = [
    *("5.1.4", "5.1.5", "5.1.7", "5.1.8", "5.1.9", "5.2.2", "5.2.3", "5.2.4", "5.3.1", "5.3.2", "5.3.3", "5.3.4"),
    *("5.3.5", "5.4.2", "5.4.3", "5.4.4", "5.4.5", "5.4.6", "5.4.7", "5.4.14", "5.4.310", "5.5.2", "5.5.4", "5.6.0"),
    *("5.6.3", "5.7.2", "5.7.8", "5.7.9", "5.7.20", "5.7.23", "5.7.25", "5.7.26", "5.7.27", "5.7.509", "5.7.705"),
    *("4.0.0", "4.1.1", "4.2.1", "4.2.2", "4.4.1", "4.4.7", "4.7.1", "4.7.26"),
]


@pytest.mark.parametrize("words", GONE)
def test_a_mailbox_that_is_gone_is_known_by_status_or_words(words: str) -> None:
    assert is_mailbox_gone(words)
    assert is_mailbox_gone(f"5.0.0 {words}")
    assert is_mailbox_gone(words.upper())


@pytest.mark.parametrize("words", NOT_GONE)
def test_what_passes_or_is_about_us_proves_nothing(words: str) -> None:
    assert not is_mailbox_gone(words)
    assert not is_mailbox_gone(words.upper())


@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("proof", ["550 5.1.1 no such user", "550 User unknown", "5.1.1 550 5.1.1", "5.1.10"])
def test_no_proof_beside_a_word_about_something_else(proof: str, doubt: str) -> None:
    assert not is_mailbox_gone(f"{proof}: {doubt}")
    assert not is_mailbox_gone(f"550 {doubt}; {proof}")


@pytest.mark.parametrize("status", STATUSES_ABOUT_OTHERS)
def test_no_proof_beside_a_status_about_something_else(status: str) -> None:
    """RFC 3463: X.1.7 and X.1.8 are the sender's, X.2.2 a full mailbox, X.7 a policy; class 4 was given up."""
    assert not is_mailbox_gone(status)
    assert not is_mailbox_gone(f"{status} 550 no such user")
    assert not is_mailbox_gone(f"550 5.1.1 no such user ({status})")


@pytest.mark.parametrize("status", ["5.0.0", "5.1.0", "5.2.0", "5.2.1", "5.3.0", "5.4.1", "5.5.0", "5.7.1", ""])
def test_a_status_that_says_little_needs_words(status: str) -> None:
    assert not is_mailbox_gone(f"{status} 550 {status} rejected")
    assert is_mailbox_gone(f"{status} 550 {status} no such user")


@pytest.mark.parametrize("reply", ["421", "450", "451", "452"])
def test_an_answer_of_class_4_proves_nothing_whatever_it_says(reply: str) -> None:
    for words in (f"{reply} no such user", f"5.1.1 {reply} 5.1.1 user unknown", f"host said: {reply} user unknown"):
        assert not is_mailbox_gone(words)


def test_names_of_hosts_and_addresses_are_no_words() -> None:
    assert is_mailbox_gone("host mx-rate.spam.example.org said: 550 5.1.1 <quota-full@policy.example.org> no such user")
    assert is_mailbox_gone("550 5.1.1 no such user, see https://example.org/sender/blocked")
    assert not is_mailbox_gone("550 rejected, see https://example.org/no such domain")
    assert not is_mailbox_gone("550 host 5.1.1.7 refuses")  # an address of the internet, no status


@given(st.text(max_size=300))
def test_any_words_are_judged(words: str) -> None:
    assert is_mailbox_gone(words) in (True, False)


def test_a_megabyte_of_words_takes_no_time() -> None:
    for words in ("a" * 1_000_000, "user " * 200_000, "<(: " * 250_000, "5.1.1" * 200_000, "a.b" * 300_000):
        is_mailbox_gone(words)
