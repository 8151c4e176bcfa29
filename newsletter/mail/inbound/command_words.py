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
    """One language's. `days`, `weeks`, `months` name a span, `around` what may stand before or behind it.

    `numbers` are one, two, three and so on in words; several words for one number have a slash between them. Who leaves
    may write "I would like to" (`wishing`) before the command, and anywhere what they leave (`left`).
    """

    commands: dict[Command, str]  # alternatives with | between them; the first is what mails teach
    days: str
    weeks: str
    months: str
    around: str
    polite: str
    wishing: str
    left: str
    numbers: str
    greetings: str  # how a line begins that only greets, such as "Dear all,"
    is_day_first: bool = False  # 24/12/2026 is a date; elsewhere, 5/6/2026 may be a day of May or of June


_C = Command
WORDS: dict[str, Words] = {
    "en": Words(
        {
            _C.UNSUBSCRIBE: "unsubscribe|unsubscribe me|remove me|remove my address|remove my email"
            "|remove my email address|sign me off|take me off|opt out|cancel my subscription|cancel subscription|stop"
            "|stop sending me mail|stop sending me emails|stop sending me these emails|no more mail|no more emails",
            _C.RESUME: "resume|resubscribe|subscribe again|resume my subscription",
            _C.PAUSE: "pause",
            _C.HELP: "help",
            _C.PROFILE: "profile|my profile",
            _C.DAILY: "daily|every day",
            _C.WEEKDAYS: "weekdays|on weekdays",
            _C.WEEKLY: "weekly|once a week|once per week|every week",
        },
        days="day|days",
        weeks="week|weeks",
        months="month|months",
        around="for|until|till|til",
        polite="please|pls|hi|hello|thanks|thanks a lot|thx|thank you|thank you very much|many thanks|kindly",
        wishing="i want to|i want you to|i would like to|i would like you to|i'd like to|i wish to|can you|could you",
        left="from this list|from the list|from your list|from this mailing list|from the mailing list"
        "|from your mailing list|from this newsletter|from the newsletter|from your newsletter|from these emails"
        "|from these mails|this list|the list|your list|this mailing list|the mailing list|your mailing list",
        numbers="a/an/one|two|three|four|five|six|seven|eight|nine|ten",
        greetings="hi|hello|hey|dear|good morning|good afternoon|good evening|to whom it may concern",
    ),
    "de": Words(
        {
            _C.UNSUBSCRIBE: "abmelden|abbestellen|abmeldung|um abmeldung|mich abmelden|mich austragen|austragen"
            "|melden sie mich ab|melde mich ab|tragen sie mich aus|bestellen sie ab|keine mails mehr"
            "|keine weiteren mails|keine e-mails mehr|keine weiteren e-mails",
            _C.RESUME: "fortsetzen|weiter|wieder anmelden",
            _C.PAUSE: "Pause|pausieren|pausiere",
            _C.HELP: "Hilfe",
            _C.PROFILE: "Profil|mein Profil",
            _C.DAILY: "täglich|jeden tag",
            _C.WEEKDAYS: "werktags|werktäglich|wochentags|nur werktags",
            _C.WEEKLY: "wöchentlich|einmal die woche|einmal pro woche|einmal in der woche|jede woche",
        },
        days="Tag|Tage|Tagen",
        weeks="Woche|Wochen",
        months="Monat|Monate|Monaten",
        around="für|bis|bis zum|lang",
        polite="bitte|hallo|danke|danke schön|vielen dank|herzlichen dank|vielen dank im voraus",
        wishing="ich möchte|ich will|ich würde gern|ich würde gerne|ich bitte",
        left="vom newsletter|von diesem newsletter|von ihrem newsletter|den newsletter|diesen newsletter"
        "|ihren newsletter|newsletter|von der liste|von dieser liste|von ihrer liste|von der mailingliste"
        "|von dieser mailingliste|aus der liste|aus dieser liste|aus dem verteiler|aus diesem verteiler"
        "|aus ihrem verteiler|vom verteiler",
        numbers="ein/eine/einen|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn",
        greetings="hallo|hi|guten tag|guten morgen|guten abend|liebe|lieber|liebes|sehr geehrte|sehr geehrter|moin",
    ),
    "fr": Words(
        {
            _C.UNSUBSCRIBE: "désabonner|se désabonner|me désabonner|désabonnement|désinscription|désinscrire"
            "|se désinscrire|me désinscrire|désabonnez-moi|désinscrivez-moi|retirez-moi|annuler mon abonnement",
            _C.RESUME: "reprendre|réabonner|me réabonner",
            _C.PAUSE: "pause|suspendre",
            _C.HELP: "aide",
            _C.PROFILE: "profil|mon profil",
            _C.DAILY: "quotidien|tous les jours|chaque jour",
            _C.WEEKDAYS: "jours ouvrables|en semaine",
            _C.WEEKLY: "hebdomadaire|chaque semaine|une fois par semaine",
        },
        days="jour|jours",
        weeks="semaine|semaines",
        months="mois",
        around="pendant|pour|de|jusqu'au|jusqu’au",
        is_day_first=True,
        polite="s'il vous plaît|s’il vous plaît|svp|s'il te plaît|bonjour|merci|merci beaucoup|merci d'avance",
        wishing="je veux|je souhaite|je souhaiterais|je voudrais|j'aimerais|veuillez|de",  # de: "merci de me …"
        left="de cette liste|de la liste|de votre liste|de cette liste de diffusion|de votre liste de diffusion"
        "|de la liste de diffusion|de cette newsletter|de la newsletter|de votre newsletter|à la newsletter"
        "|à cette newsletter|à votre newsletter|de ces messages|de ces e-mails|de ces mails",
        numbers="un/une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix",
        greetings="bonjour|bonsoir|salut|madame|monsieur|cher|chère|chers|chères",
    ),
    "es": Words(
        {
            _C.UNSUBSCRIBE: "darse de baja|darme de baja|dar de baja|baja|cancelar suscripción|cancelar la suscripción"
            "|cancelar mi suscripción|anular suscripción|anular la suscripción|anular mi suscripción|deme de baja"
            "|dame de baja|denme de baja|no quiero recibir más correos",
            _C.RESUME: "reanudar|volver a suscribirme",
            _C.PAUSE: "pausa|pausar",
            _C.HELP: "ayuda",
            _C.PROFILE: "perfil|mi perfil",
            _C.DAILY: "diario|diariamente|cada día|todos los días",
            _C.WEEKDAYS: "días laborables|entre semana",
            _C.WEEKLY: "semanal|semanalmente|cada semana|una vez a la semana|una vez por semana",
        },
        days="día|días",
        weeks="semana|semanas",
        months="mes|meses",
        around="por|durante|de|hasta|hasta el",
        is_day_first=True,
        polite="por favor|hola|gracias|muchas gracias",
        wishing="quiero|quisiera|deseo|me gustaría|solicito",
        left="de esta lista|de la lista|de su lista|de esta lista de correo|de la lista de correo"
        "|de su lista de correo|de este boletín|del boletín|de su boletín|de esta newsletter|de la newsletter"
        "|de estos correos|a esta lista|a la lista|a este boletín|al boletín",
        numbers="un/una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez",
        greetings="hola|buenos días|buenas tardes|buenas noches|estimado|estimada|estimados|estimadas",
    ),
    "pt": Words(
        {
            _C.UNSUBSCRIBE: "cancelar inscrição|cancelar assinatura|cancelar subscrição|descadastrar|descadastrar-me"
            "|cancelar a inscrição|cancelar a assinatura|cancelar a subscrição|cancelar minha inscrição"
            "|cancelar a minha inscrição|cancelar minha assinatura|cancelar a minha subscrição|anular subscrição"
            "|anular a subscrição|me descadastrar|não quero mais receber|não quero mais receber e-mails",
            _C.RESUME: "retomar|reativar",
            _C.PAUSE: "pausa|pausar",
            _C.HELP: "ajuda",
            _C.PROFILE: "perfil|meu perfil|o meu perfil",
            _C.DAILY: "diário|diariamente|todos os dias",
            _C.WEEKDAYS: "dias úteis",
            _C.WEEKLY: "semanal|semanalmente|toda semana|uma vez por semana",
        },
        days="dia|dias",
        weeks="semana|semanas",
        months="mês|meses",
        around="por|durante|de|até|até o dia|até ao dia",
        is_day_first=True,
        polite="por favor|olá|obrigado|obrigada|muito obrigado|muito obrigada",
        wishing="quero|queria|gostaria de|desejo",
        left="desta lista|da lista|da sua lista|desta newsletter|da newsletter|da sua newsletter|deste boletim"
        "|do boletim|destes e-mails|nesta lista|na lista",
        numbers="um/uma|dois/duas|três|quatro|cinco|seis|sete|oito|nove|dez",
        greetings="olá|oi|bom dia|boa tarde|boa noite|prezado|prezada|prezados|prezadas|caro|cara|caros",
    ),
    "it": Words(
        {
            _C.UNSUBSCRIBE: "disiscrivermi|annulla iscrizione|annullare l'iscrizione|cancellami|disiscrizione"
            "|disiscriversi|disiscrivimi|disiscrivetemi|cancellatemi|annulla l'iscrizione|annullare iscrizione"
            "|annulla la mia iscrizione"
            "|cancella iscrizione|cancellare l'iscrizione|cancellare la mia iscrizione|cancellarmi|rimuovetemi",
            _C.RESUME: "riprendi|riprendere",
            _C.PAUSE: "pausa|sospendi",
            _C.HELP: "aiuto",
            _C.PROFILE: "profilo|il mio profilo",
            _C.DAILY: "giornaliero|quotidiano|ogni giorno",
            _C.WEEKDAYS: "giorni feriali",
            _C.WEEKLY: "settimanale|ogni settimana|una volta alla settimana|una volta a settimana",
        },
        days="giorno|giorni",
        weeks="settimana|settimane",
        months="mese|mesi",
        around="per|di|fino al|fino a",
        is_day_first=True,
        polite="per favore|per piacere|per cortesia|ciao|buongiorno|grazie|grazie mille",
        wishing="voglio|vorrei|desidero|chiedo di",
        left="da questa lista|dalla lista|dalla vostra lista|da questa newsletter|dalla newsletter"
        "|dalla vostra newsletter|da questa mailing list|dalla mailing list|dalla vostra mailing list"
        "|a questa lista|alla lista|a questa newsletter|alla newsletter|da queste email",
        numbers="un/una|due|tre|quattro|cinque|sei|sette|otto|nove|dieci",
        greetings="ciao|buongiorno|buonasera|salve|gentile|gentili|egregio|egregi|spettabile",
    ),
    "zh": Words(
        {
            _C.UNSUBSCRIBE: "退订|取消订阅|退訂|取消訂閱|退订一下|不要再发了|不要再发邮件|退出",
            _C.RESUME: "恢复|恢复订阅|恢復|恢復訂閱",
            _C.PAUSE: "暂停|暫停",
            _C.HELP: "帮助|幫助",
            _C.PROFILE: "资料|个人资料|資料|個人資料",
            _C.DAILY: "每日|每天",
            _C.WEEKDAYS: "工作日",
            _C.WEEKLY: "每周|每週|每星期|每周一次|每週一次|每星期一次|一周一次",
        },
        days="天|日",
        weeks="週|个星期|個星期|星期|周",
        months="个月|個月|月",
        around="到|至|直到",
        polite="请|請|谢谢|謝謝|您好|你好",
        wishing="我要|我想|我想要|我希望|帮我|幫我|麻烦|麻煩",
        left="这个邮件列表|此邮件列表|邮件列表|此列表|此邮件|这些邮件|本邮件|该邮件|郵件列表|這些郵件|此郵件",
        numbers="一|二/两/兩|三|四|五|六|七|八|九|十",
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
            _C.WEEKLY: "毎週|週一回|週1回|週に一回|週に1回",
        },
        days="日|日間",
        weeks="週|週間",
        months="か月|ヶ月|ヵ月|カ月",
        around="まで",
        polite="お願いします|をお願いします|でお願いします|よろしくお願いします|お願いいたします|をお願いいたします"
        "|でお願いいたします|よろしくお願いいたします|お願い致します|をお願い致します|よろしくお願い致します|してください"
        "|ください|です",
        wishing="",
        left="このメールの|メールの|このメルマガの|メルマガの|このニュースレターの|ニュースレターの",
        numbers="一|二|三|四|五|六|七|八|九|十",
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
