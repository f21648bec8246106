"""Which language a short text is in, by script and by its commonest words. Good enough to pick a stock sentence.

Owns the stop words of the languages that the product speaks. Does not translate (see `kit.i18n`).
"""

import re
import unicodedata

_COMMON_WORDS = {
    "en": "a about an and any are as at be been being but by can could did do does for from had has have he her his "
    "how i if in into is it its just me my of on or our please she should so some such tell than that the their them "
    "then there these they this those to too us was we were what when where which who whom whose why will with would "
    "you your am also not no s t re ve ll",
    "es": "a al algo como con cual cuales cuando cuanto cuanta cuantos cuantas de del desde donde el ella ellos en "
    "entre era es esa ese eso esta este esto estos fue fueron ha han hay la las le les lo los mas me mi muy no nos o "
    "para pero por porque puede puedo que quien quienes se segun ser si sin sobre son su sus tambien te tiene tu "
    "un una uno y ya",
    "de": "aber als am an auch auf aus bei bin bis da das dass dem den der des die dies diese dieser dieses du durch "
    "ein eine einem einen einer eines er es fur hat hatte haben ich ihr im in ist kann man mein mit nach nicht noch "
    "nur ob oder sich sie sind so uber um und uns unter vom von vor wann war waren warum was welche welchem welchen "
    "welcher welches wenn wer werden wie wieviel wieviele wir wird wo wurde wurden zu zum zur",
    "fr": "a au aux avec c ce ces cette comment combien d dans de des du elle en est et etait ete eu il ils j je l la "
    "le les leur lors lui m ma mais mes mon n ne nous on ou par pas pour pourquoi qu quand que quel quelle quelles "
    "quels qui quoi s sa se ses son sont sur t ta tu un une vous y",
    "it": "a al alla anche che chi ci come con cosa da dal dalla de dei del della delle di dove e ed era gli ha hanno "
    "i il in io la le lo ma mi nel nella non o per perche piu quale quali quando quanto quanti quante se si sono su "
    "sua suo tra un una uno",
    "pt": "a ao aos as com como da das de do dos e ela ele em entre era esta este foi foram ha isso isto ja mais mas "
    "na nao nas no nos o onde os ou para pela pelo por porque qual quais quando quanto quantos quantas que quem se "
    "sem ser seu sua sao tem um uma voce",
    "nl": "aan als bij dat de die dit door een en er geen haar had heb hebben heeft het hij hoe hoeveel ik in is je "
    "kan maar met naar niet of om ook op te tot uit van voor waar waarom wanneer was wat we welke werd wie wordt zijn",
    "ru": "а без был была были было быть в вам вас во вот все вы где для до его ее если есть еще же за и из или их к "
    "как какая какие какой когда кто ли мне мы на не них но о об он она они от по почему при с сколько со так такое "
    "то ты у что чтобы чем это я",
    "ar": "في من على الى عن مع هو هي هم ما ماذا متي متى اين كيف كم لماذا هل من الذي التي الذين هذا هذه ذلك تلك كان "
    "كانت ان او و ثم لا لم لن قد كل بين عند بعد قبل اي ايه",
}  # fmt: skip
_CHINESE_WORDS = (
    "什么 怎么 如何 多少 哪些 哪个 哪里 为什 是否 可以 我们 你们 他们 这个 那个 请问 有没 没有 吗 呢 的 了 是 在 和"
)
_JAPANESE_WORDS = (
    "です ます した して する ある いる から まで もの こと どの どこ なに ですか ます か は が を に の と も で"
)
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)
_SCRIPT_SHARE = 0.2
_WORD = re.compile(r"[^\W\d_]+")
_INVERTED_MARK = re.compile("[¿¡]")


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


STOP_WORDS_BY_LANGUAGE: dict[str, frozenset[str]] = {
    language: frozenset(_folded(words).split()) for language, words in _COMMON_WORDS.items()
} | {"zh": frozenset(_CHINESE_WORDS.split()), "ja": frozenset(_JAPANESE_WORDS.split())}
"""Per ISO 639-1 code, lower-case words without diacritics; for Chinese and Japanese, characters and pairs of them."""

_LATIN = ("en", "es", "de", "fr", "it", "pt", "nl")


def guess_language(text: str) -> str:
    """Return the ISO 639-1 code of the text's language; "en" where nothing speaks for another one.

    >>> guess_language("¿Cuántos días tengo para devolverlo?"), guess_language("退款需要多长时间？")
    ('es', 'zh')
    """
    letters = sum(map(str.isalpha, text))
    for language, script in _SCRIPTS:
        # One foreign name does not make a text foreign.
        if (found := len(script.findall(text))) and found >= _SCRIPT_SHARE * letters:
            return language
    words = _WORD.findall(_folded(text))
    counts = {language: sum(word in STOP_WORDS_BY_LANGUAGE[language] for word in words) for language in _LATIN}
    if _INVERTED_MARK.search(text):
        counts["es"] += 2
    best = max(counts.values())
    return next(language for language in _LATIN if counts[language] == best)
