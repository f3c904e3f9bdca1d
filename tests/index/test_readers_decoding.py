from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.readers.decoding import decode

SAMPLES = {
    "French": (
        "Le président a déclaré mardi que la réforme serait présentée à l’Assemblée. « C’est nécessaire », dit-il.",
        ["cp1252"],
    ),
    "German": ("Die Straße nach Köln bleibt gesperrt, größere Umwege sind „äußerst“ nötig.", ["cp1252"]),
    "Spanish": ("El año pasado, la economía creció más. ¿Cómo? La inversión pública en Cádiz.", ["cp1252", "latin-1"]),
    "English": ("The café’s owner said it was “a naïve idea” — costing £300 a year.", ["cp1252"]),
    "Polish": ("Rząd ogłosił w środę, że wzrost będzie wyższy. Źródła w Łodzi też.", ["cp1250", "iso8859_2"]),
    "Czech": ("Vláda ve středu oznámila, že růst bude vyšší, než se čekalo. Příští rok také.", ["cp1250", "iso8859_2"]),
    "Hungarian": (
        "A kormány bejelentette: a növekedés magasabb lesz. Győrben és Pécsett több új gyár épül.",
        ["cp1250"],
    ),
    "Turkish": ("Hükümet çarşamba günü büyümeyi açıkladı. İstanbul ve Iğdır'daki şirketler işçi alacak.", ["cp1254"]),
    "Russian": (
        "Казахстан продолжает участвовать в ежегодных учениях, и это создаёт новые возможности.",
        ["cp1251", "koi8-r", "cp866", "iso8859_5"],
    ),
    "Greek": ("Η κυβέρνηση ανακοίνωσε ότι η ανάπτυξη της οικονομίας θα είναι υψηλότερη.", ["cp1253", "iso8859_7"]),
    "Hebrew": ("הממשלה הודיעה ביום רביעי כי הצמיחה במשק תהיה גבוהה מהצפוי.", ["cp1255"]),
    "Arabic": ("أعلنت الحكومة يوم الأربعاء أن النمو الاقتصادي سيكون أعلى من المتوقع.", ["cp1256"]),
    "Japanese": (
        "政府は水曜日、経済成長率が予想を上回るとの見通しを発表した。東京の企業も。",
        ["cp932", "euc_jp", "iso2022_jp"],
    ),
    "Chinese": ("政府星期三宣布，经济增长将高于预期。北京和上海的企业计划增加招聘。", ["gb18030"]),
    "Taiwanese": ("政府星期三宣布，經濟成長將高於預期。臺北和高雄的企業計劃增加招聘。", ["big5"]),
    "Korean": (
        "정부는 수요일 경제 성장률이 예상보다 높을 것이라고 발표했다. 서울의 기업들은 채용을 늘린다.",
        ["cp949"],
    ),
    "Thai": ("รัฐบาลประกาศเมื่อวันพุธว่าการเติบโตทางเศรษฐกิจจะสูงกว่าที่คาดไว้", ["cp874"]),
}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [pytest.param(text, name, id=f"{who}-{name}") for who, (text, names) in SAMPLES.items() for name in names],
)
def test_old_encodings_are_told_apart(text: str, encoding: str):
    assert decode(text.encode(encoding) * 3, Path("x")) == text * 3


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"caf\xe9", "café"), (b"It cost \xa320.", "It cost £20."), (b"\x93Yes,\x94 he said.", "“Yes,” he said.")],
)
def test_one_odd_byte_in_english_text_is_western(data: bytes, text: str):
    assert decode(data, Path("x")) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf8_text_is_never_changed(text: str):
    if not text.startswith("\ufeff"):
        assert decode(text.encode(), Path("x")) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused_with_a_reason(data: bytes):
    try:
        assert "\ufffd" not in decode(data, Path("x")) or "\ufffd".encode() in data or b"\xff\xfd" in data
    except ArticleError as error:
        assert error.reason


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_two_encodings_in_one_file_are_refused(share: float):
    text = "Казахстан продолжает участвовать в ежегодных учениях. " * 10
    cut = int(len(text) * share)
    with pytest.raises(ArticleError, match="mixed encodings"):
        decode(text[:cut].encode() + text[cut:].encode("cp1251"), Path("x"))
