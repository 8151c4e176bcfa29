"""The words by which readers steer: commands, spans of time and politeness in eight languages. Pure data.

How a line is read is commands.py's business. Words are compared without capitals and accents. Whoever adds one should
ask whether anybody could begin an ordinary answer with a line of just that word.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Command(StrEnum):
    """What a reader can ask for by mail."""

    UNSUBSCRIBE = "unsubscribe"
    RESUME = "resume"
    PAUSE = "pause"
    HELP = "help"
    PROFILE = "profile"
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    VOTE = "vote"  # its words are numbers: "+3 -5"


@dataclass(frozen=True, slots=True)
class Words:
    """One language's. `days`, `weeks`, `months` name a span, `around` what may stand before or behind it."""

    commands: dict[Command, str]  # alternatives with | between them; the first is what mails teach
    days: str
    weeks: str
    months: str
    around: str
    polite: str
    greetings: str  # how a line begins that only greets, such as "Dear all,"
    is_day_first: bool = False  # 24/12/2026 is a date; elsewhere, 5/6/2026 may be a day of May or of June


_C = Command
WORDS: dict[str, Words] = {
    "en": Words(
        {
            _C.UNSUBSCRIBE: "unsubscribe|unsubscribe me|remove me|sign me off|take me off|opt out"
            "|cancel my subscription|unsubscribe me from this list|unsubscribe from this list"
            "|unsubscribe me from your list|remove me from this list|remove me from your list"
            "|remove me from this mailing list|remove me from your mailing list|take me off this list"
            "|take me off your list|stop sending me mail"
            "|stop sending me emails|i want to unsubscribe|i would like to unsubscribe",
            _C.RESUME: "resume|resubscribe|subscribe again",
            _C.PAUSE: "pause",
            _C.HELP: "help",
            _C.PROFILE: "profile|my profile",
            _C.DAILY: "daily|every day",
            _C.WEEKDAYS: "weekdays|on weekdays",
            _C.WEEKLY: "weekly|once a week",
        },
        days="day|days",
        weeks="week|weeks",
        months="month|months",
        around="for|until|till",
        polite="please|pls|hi|hello|thanks|thank you|many thanks",
        greetings="hi|hello|hey|dear|good morning|good afternoon|good evening|to whom it may concern",
    ),
    "de": Words(
        {
            _C.UNSUBSCRIBE: "abmelden|abbestellen|abmeldung|mich abmelden|austragen|melden sie mich ab|melde mich ab"
            "|newsletter abbestellen|newsletter abmelden|den newsletter abbestellen|vom newsletter abmelden"
            "|tragen sie mich aus|ich möchte mich abmelden|ich will mich abmelden",
            _C.RESUME: "fortsetzen|weiter|wieder anmelden",
            _C.PAUSE: "Pause|pausieren|pausiere",
            _C.HELP: "Hilfe",
            _C.PROFILE: "Profil|mein Profil",
            _C.DAILY: "täglich|jeden tag",
            _C.WEEKDAYS: "werktags|werktäglich|wochentags",
            _C.WEEKLY: "wöchentlich|einmal die woche",
        },
        days="Tag|Tage|Tagen",
        weeks="Woche|Wochen",
        months="Monat|Monate|Monaten",
        around="für|bis|bis zum|lang",
        polite="bitte|hallo|danke|vielen dank",
        greetings="hallo|hi|guten tag|guten morgen|guten abend|liebe|lieber|liebes|sehr geehrte|sehr geehrter|moin",
    ),
    "fr": Words(
        {
            _C.UNSUBSCRIBE: "désabonner|se désabonner|me désabonner|désabonnement|désinscription|désinscrire"
            "|se désinscrire|me désinscrire|désabonnez-moi|désinscrivez-moi|je souhaite me désabonner"
            "|je souhaite me désinscrire|je veux me désabonner|je veux me désinscrire",
            _C.RESUME: "reprendre|réabonner|me réabonner",
            _C.PAUSE: "pause|suspendre",
            _C.HELP: "aide",
            _C.PROFILE: "profil|mon profil",
            _C.DAILY: "quotidien|tous les jours|chaque jour",
            _C.WEEKDAYS: "jours ouvrables|en semaine",
            _C.WEEKLY: "hebdomadaire|chaque semaine",
        },
        days="jour|jours",
        weeks="semaine|semaines",
        months="mois",
        around="pendant|pour|jusqu'au|jusqu’au",
        is_day_first=True,
        polite="s'il vous plaît|s’il vous plaît|svp|s'il te plaît|bonjour|merci",
        greetings="bonjour|bonsoir|salut|madame|monsieur|cher|chère|chers|chères",
    ),
    "es": Words(
        {
            _C.UNSUBSCRIBE: "darse de baja|darme de baja|dar de baja|baja|cancelar suscripción|cancelar la suscripción"
            "|cancelar mi suscripción|anular suscripción|anular la suscripción|anular mi suscripción|deme de baja"
            "|dame de baja|quiero darme de baja|quisiera darme de baja",
            _C.RESUME: "reanudar|volver a suscribirme",
            _C.PAUSE: "pausa|pausar",
            _C.HELP: "ayuda",
            _C.PROFILE: "perfil|mi perfil",
            _C.DAILY: "diario|diariamente|cada día|todos los días",
            _C.WEEKDAYS: "días laborables|entre semana",
            _C.WEEKLY: "semanal|semanalmente|cada semana",
        },
        days="día|días",
        weeks="semana|semanas",
        months="mes|meses",
        around="por|durante|de|hasta|hasta el",
        is_day_first=True,
        polite="por favor|hola|gracias|muchas gracias",
        greetings="hola|buenos días|buenas tardes|buenas noches|estimado|estimada|estimados|estimadas",
    ),
    "pt": Words(
        {
            _C.UNSUBSCRIBE: "cancelar inscrição|cancelar assinatura|cancelar subscrição|descadastrar|descadastrar-me"
            "|cancelar a inscrição|cancelar a assinatura|cancelar a subscrição|cancelar minha inscrição"
            "|cancelar a minha inscrição|cancelar minha assinatura|cancelar a minha subscrição|anular subscrição"
            "|anular a subscrição|quero cancelar a inscrição|quero cancelar minha inscrição",
            _C.RESUME: "retomar|reativar",
            _C.PAUSE: "pausa|pausar",
            _C.HELP: "ajuda",
            _C.PROFILE: "perfil|meu perfil|o meu perfil",
            _C.DAILY: "diário|diariamente|todos os dias",
            _C.WEEKDAYS: "dias úteis",
            _C.WEEKLY: "semanal|semanalmente|toda semana",
        },
        days="dia|dias",
        weeks="semana|semanas",
        months="mês|meses",
        around="por|durante|de|até|até o dia|até ao dia",
        is_day_first=True,
        polite="por favor|olá|obrigado|obrigada",
        greetings="olá|oi|bom dia|boa tarde|boa noite|prezado|prezada|prezados|prezadas|caro|cara|caros",
    ),
    "it": Words(
        {
            _C.UNSUBSCRIBE: "disiscrivermi|annulla iscrizione|annullare l'iscrizione|cancellami|disiscrizione"
            "|disiscriversi|disiscrivimi|disiscrivetemi|cancellatemi|annulla l'iscrizione|annullare iscrizione"
            "|annulla la mia iscrizione"
            "|cancella iscrizione|cancellare l'iscrizione|voglio disiscrivermi|vorrei disiscrivermi",
            _C.RESUME: "riprendi|riprendere",
            _C.PAUSE: "pausa|sospendi",
            _C.HELP: "aiuto",
            _C.PROFILE: "profilo|il mio profilo",
            _C.DAILY: "giornaliero|quotidiano|ogni giorno",
            _C.WEEKDAYS: "giorni feriali",
            _C.WEEKLY: "settimanale|ogni settimana",
        },
        days="giorno|giorni",
        weeks="settimana|settimane",
        months="mese|mesi",
        around="per|di|fino al|fino a",
        is_day_first=True,
        polite="per favore|per piacere|ciao|buongiorno|grazie",
        greetings="ciao|buongiorno|buonasera|salve|gentile|gentili|egregio|egregi|spettabile",
    ),
    "zh": Words(
        {
            _C.UNSUBSCRIBE: "退订|取消订阅|退訂|取消訂閱|我要退订|我想退订|我要退訂|我想退訂",
            _C.RESUME: "恢复|恢复订阅|恢復|恢復訂閱",
            _C.PAUSE: "暂停|暫停",
            _C.HELP: "帮助|幫助",
            _C.PROFILE: "资料|个人资料|資料|個人資料",
            _C.DAILY: "每日|每天",
            _C.WEEKDAYS: "工作日",
            _C.WEEKLY: "每周|每週|每星期",
        },
        days="天|日",
        weeks="週|个星期|個星期|星期|周",
        months="个月|個月|月",
        around="到|至|直到",
        polite="请|請|谢谢|謝謝|您好|你好",
        greetings="您好|你好|大家好|尊敬的",
    ),
    "ja": Words(
        {
            _C.UNSUBSCRIBE: "配信停止|購読解除|退会|解除|登録解除|配信を停止|購読を解除|登録を解除"
            "|配信停止希望|退会希望|退会します",
            _C.RESUME: "再開|配信再開",
            _C.PAUSE: "一時停止|休止",
            _C.HELP: "ヘルプ|使い方",
            _C.PROFILE: "プロフィール|プロファイル",
            _C.DAILY: "毎日",
            _C.WEEKDAYS: "平日",
            _C.WEEKLY: "毎週|週一回",
        },
        days="日|日間",
        weeks="週|週間",
        months="か月|ヶ月|ヵ月|カ月",
        around="まで",
        polite="お願いします|をお願いします|よろしくお願いします|してください|ください|お願い致します",
        greetings="こんにちは|おはようございます|こんばんは|お世話になっております|お世話になります",
    ),
}

#: What mail programs put before a subject, with the colon after it: replies and forwards.
SUBJECT_PREFIXES = (
    *("re", "aw", "antw", "antwort", "sv", "vs", "rép", "réf", "ref", "res", "rif", "r", "odp", "ynt", "vá"),
    *("fw", "fwd", "wg", "tr", "rv", "enc", "i", "vl"),
    *("回复", "回覆", "答复", "答覆", "返信", "回信", "转发", "轉寄", "転送"),
)

#: How subjects of automatic answers begin that say so nowhere else.
AUTOMATIC_SUBJECTS = (
    *("automatic reply", "auto reply", "auto-reply", "autoreply", "autoresponse", "auto:", "out of office"),
    *("out of the office", "out-of-office", "automatische antwort", "automatische nachricht", "abwesen"),
    *("réponse automatique", "absence", "absent", "respuesta automática", "fuera de la oficina"),
    *("resposta automática", "ausência", "risposta automatica", "fuori sede", "fuori ufficio"),
    *("自动回复", "自動回覆", "自動返信", "自動応答", "不在"),
)
