"""Letters of all scripts: tokens, sentence ends, normal forms, held to ``unicodedata``."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import counts, datasets, evaluate, fasttext, hangul, text, writing
from course_lib.classify import messages, sequences
from course_lib.vectors import WordVectors

# Words between spaces: each is one token, however many characters it has.
SCRIPTS = {
    "Hindi": "किताब पढ़ना हिन्दी",
    "Bengali": "ভাষা শেখা",
    "Tamil": "தமிழ் மொழி",
    "Malayalam": "മലയാളം ഭാഷ",
    "Sinhala, with a joiner": "ශ්\u200dරී ලංකා",
    "Arabic with points": "العَرَبِيَّةُ جَمِيلَةٌ",
    "Persian, with a non-joiner": "می\u200cخواهم کتاب",
    "Hebrew with points": "שָׁלוֹם עֲלֵיכֶם צה״ל",
    "Thai": "ภาษาไทย น้ำ",
    "Lao": "ພາສາລາວ",
    "Khmer": "ភាសាខ្មែរ ល្អ",
    "Burmese": "မြန်မာဘာသာ",
    "French": "café déjà vu",
    "Vietnamese": "tiếng việt",
    "Turkish": "i\u0307stanbul",
    "Yoruba, with a mark that no letter has": "ọ̀rọ̀ ẹ̀kọ́",
    "old Hangul with tone marks": "ᄒᆞᆫ글 나랏〮말〯ᄊᆞ미",
    "letters and soft hyphen": "co\u00adoperate",
}
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
FILM = "영화를 봤다. 재미있었다."
COMPOSED, TAKEN_APART = (unicodedata.normalize(form, "영화를") for form in ("NFC", "NFD"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", SCRIPTS.values(), ids=SCRIPTS)
def test_a_word_of_any_script_is_one_token(words: str, form: str) -> None:
    written = unicodedata.normalize(form, words)
    assert text.tokenize(written) == unicodedata.normalize("NFC", written).split()
    assert text.tokenize(written, form=None) == written.split()
    assert text.tokenize(f"¿{written}?", punctuation=True, form=form)[1:-1] == written.split()


@given(st.text(max_size=40))
def test_tokens_do_not_depend_on_the_form_and_lose_no_letter(written: str) -> None:
    def tokens(form: str) -> list[str]:
        return text.tokenize(unicodedata.normalize(form, written), lower=False)

    found = tokens("NFC")
    assert found == tokens("NFD")
    kept = [letter for letter in "".join(found) if unicodedata.category(letter)[0] in "LN"]
    given = unicodedata.normalize("NFC", written)
    known = [c for c in given if unicodedata.category(c) != "Cn"]  # newer than this Unicode
    assert [c for c in kept if unicodedata.category(c) != "Cn"] == [
        c for c in known if unicodedata.category(c)[0] in "LN"
    ]
    assert not any(unicodedata.combining(word[0]) for word in found)
    assert all(unicodedata.is_normalized("NFC", word) for word in found)


def test_lower_case_keeps_the_normal_form_for_every_letter() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x30000)):
        for marked in (chr(code), f"{chr(code)}\u030c"):
            for form in ("NFC", "NFD"):
                (word,) = text.tokenize("a" + unicodedata.normalize(form, marked)) or [""]
                if unicodedata.category(chr(code))[0] not in "LNM":
                    break
                assert word == unicodedata.normalize("NFC", f"a{marked}".lower()), hex(code)


@pytest.mark.parametrize(
    "sign",
    ["👩\u200d👩\u200d👧", "❤\ufe0f", "☎\ufe0e", "👍🏽", "🇰🇷", "🏴\U000e0067\U000e007f", "。", "་"],
)
def test_a_sign_of_many_characters_is_one_mark(sign: str) -> None:
    assert text.tokenize(f"oh {sign}!", punctuation=True) == ["oh", sign, "!"]
    assert text.tokenize(f"oh {sign}!") == ["oh"]


def test_what_nobody_sees_is_no_token() -> None:
    written = "\ufeffcat \u200fשלום\u200f ខ្មែរ\u200bល្អ \u0301 \u200d\ufe0f"
    assert text.tokenize(written, punctuation=True) == ["cat", "שלום", "ខ្មែរ", "ល្អ"]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Il pleut.", "Était-ce vrai?", "Über alles!", "Œuvre."],
        ["Он пришёл.", "Она ушла!", "Ελλάδα.", "Ωραία."],
        ["He said “Go.”", "She left.", "“Why?” he asked.", "“No!”", "(“Yes.”)", "«Да.»", "Нет."],
        ['He said "Go."', "She left.", "‘No.’", "„Ja.“", "¿Qué?", "¡Sí!"],
        ["About 3.5 metres… and more.", "10 came."],
        ["我爱你。", "他也爱你！", "「好。」", "你呢？"],
        ["यह किताब है।", "वह अच्छी है॥", "क्या?"],
        ["هل أنت هنا؟", "نعم.", "یہ کتاب ہے۔", "ہاں۔"],
        ["ខ្ញុំ។", "គាត់។", "བོད།", "སྐད།"],
        ["Բարեւ։", "Ինչպես։", "ሰላም።", "እንዴት።"],
        ["영화를 봤다.", "재미있었다!", "정말?"],
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_sentences_end_in_all_scripts(sentences: list[str], form: str) -> None:
    written = unicodedata.normalize(form, " ".join(sentences))
    assert text.split_sentences(written) == [unicodedata.normalize("NFC", s) for s in sentences]
    assert text.split_sentences(written, form=None) == [
        unicodedata.normalize(form, s) for s in sentences
    ]


def test_sentences_without_spaces_and_all_ends_of_lines() -> None:
    assert text.split_sentences("我爱你。他也爱你！？「好。」他说。") == [
        "我爱你。", "他也爱你！？", "「好。」", "他说。",
    ]  # fmt: skip
    lines = "a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch"
    assert text.split_sentences(lines) == list("abcdefgh") == lines.split()
    assert text.split_sentences("Wait ‼ she said. no") == ["Wait ‼ she said. no"]


def test_a_vocabulary_holds_a_word_once_in_all_forms() -> None:
    sentences = [[TAKEN_APART, "a"], [COMPOSED, "b", TAKEN_APART]]
    vocabulary = text.Vocabulary.build(sentences)
    assert vocabulary.words == [COMPOSED, "a", "b"] and vocabulary.counts.tolist() == [3, 1, 1]
    assert vocabulary[TAKEN_APART] == 0 and TAKEN_APART in vocabulary
    assert [ids.tolist() for ids in vocabulary.encode(sentences)] == [[0, 1], [0, 2, 0]]
    assert counts.term_document(sentences, vocabulary).toarray().tolist() == [[1, 1, 0], [2, 0, 1]]
    rows = sequences.encode(sentences, vocabulary, marks=False)
    assert [row.tolist() for row in rows] == [[1, 2], [1, 3, 1]]
    as_written = text.Vocabulary.build(sentences, form=None)
    assert set(as_written.words) == {TAKEN_APART, COMPOSED, "a", "b"}
    assert as_written[TAKEN_APART] != as_written[COMPOSED]
    with pytest.raises(KeyError):
        as_written[unicodedata.normalize("NFD", "é")]


@pytest.mark.parametrize("there", FORMS)
@pytest.mark.parametrize("asked", FORMS)
@pytest.mark.parametrize("word", ["영화를", "café", "tiếng", "किताब", "Å"])
def test_vectors_are_found_in_every_form(word: str, there: str, asked: str) -> None:
    stored, wanted = (unicodedata.normalize(form, word) for form in (there, asked))
    vectors = WordVectors([stored, "b", "c"], np.eye(3))
    assert wanted in vectors and vectors[wanted].tolist() == [1, 0, 0]
    assert vectors.index[wanted] == vectors.index.get(wanted) == 0
    assert [near for near, _ in vectors.nearest(wanted, 3)] == ["b", "c"]
    assert vectors.similarity(wanted, stored) == 1
    assert vectors.words[0] == stored  # as it was given
    if wanted != stored:
        assert wanted not in WordVectors([stored, "b"], np.eye(2), form=None)


def test_two_words_that_differ_in_form_alone_are_each_found() -> None:
    for words in ([COMPOSED, TAKEN_APART], [TAKEN_APART, COMPOSED]):
        vectors = WordVectors(words, np.eye(2))
        assert [vectors.index[word] for word in words] == [0, 1]
    assert vectors.index.get("c", 7) == 7 and None not in vectors.index and 3 not in vectors


def test_fasttext_knows_a_word_in_every_form() -> None:
    corpus = [["영화를", "보는", "밤"], ["좋은", "영화를", "보는"]] * 4
    vectors = fasttext.train(corpus, vector_size=8, min_count=1, bucket=50, epochs=1, sample=0)
    for word in ("영화를", "영화관", "café"):
        apart = unicodedata.normalize("NFD", word)
        assert apart in vectors and np.array_equal(vectors[apart], vectors[word])
        assert vectors.subwords(apart) == vectors.subwords(word)
    assert unicodedata.normalize("NFD", "영화를") in vectors.index


def test_evaluation_sets_and_vectors_may_differ_in_form(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [("café", "thé", 9.0), ("café", "été", 5.0), ("thé", "été", 1.0)]
    for form in ("NFC", "NFD"):
        rows = [(*(unicodedata.normalize(form, w) for w in (a, b)), s) for a, b, s in pairs]
        table = pd.DataFrame(rows, columns=["word1", "word2", "score"])
        monkeypatch.setattr(datasets, "load_similarity", lambda name, table=table: table)
        for other in ("NFC", "NFD"):
            words = [unicodedata.normalize(other, word) for word in ("café", "thé", "été")]
            vectors = WordVectors(words, [[1, 0.1], [1, 0.2], [0, 1]])
            found = evaluate.similarity(vectors)
            assert found.pairs == 3


HALF = {  # the half-width letter of each ordinary one, after Unicode's own table
    chr(int(unicodedata.decomposition(chr(code)).split()[1], 16)): chr(code)
    for code in range(0xFFA1, 0xFFDD)
    if unicodedata.decomposition(chr(code))
}
WRITTEN = {  # ways to write one word: as most texts do, and as they may come
    "NFC": str,
    "NFD": lambda word: unicodedata.normalize("NFD", word),
    "letters": lambda word: hangul.readable(hangul.decompose(word)).replace(hangul.NO_FINAL, ""),
    "half width": lambda word: "".join(HALF.get(c, c) for c in WRITTEN["letters"](word)),
    "capitals": str.upper,
    "capitals, NFD": lambda word: unicodedata.normalize("NFD", word.upper()),
}
WORDS = (
    "서울",
    "값",
    "닭고기",
    "도쿄",
    "여왕",
    "café",
    "Münster",
    "straße",
    "Ωραία",
    "tiếng",
    "ﬁn",
)


@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("asked", WRITTEN)
@pytest.mark.parametrize("there", WRITTEN)
def test_the_evaluation_is_gensims_on_words_written_one_way(
    there: str, asked: str, case_insensitive: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both sides differ in form, in letters, in case; gensim gets both in composed form."""
    rng = np.random.default_rng(0)
    questions = [[str(word) for word in rng.permutation(WORDS)[:4]] for _ in range(80)]
    matrix = rng.normal(size=(len(WORDS), 3)).astype(np.float32)
    vectors = WordVectors([WRITTEN[there](word) for word in WORDS], matrix)
    upper = {"capitals", "capitals, NFD"}
    plain = [[word.upper() if asked in upper else word for word in row] for row in questions]
    known = WordVectors([word.upper() if there in upper else word for word in WORDS], matrix)
    lines = "".join(" ".join(row) + "\n" for row in plain)
    (tmp_path / "asked.txt").write_text(f": all\n{lines}", encoding="utf-8")
    pairs = "".join(f"{a}\t{b}\t{n}\n" for n, (a, b, *_) in enumerate(plain))
    (tmp_path / "pairs.tsv").write_text(pairs, encoding="utf-8")
    gensim = known.to_keyed_vectors()
    options = {"case_insensitive": case_insensitive}
    _, (*_, total) = gensim.evaluate_word_analogies(str(tmp_path / "asked.txt"), **options)

    rows = [["all", *map(WRITTEN[asked], row)] for row in questions]
    table = pd.DataFrame(rows, columns=["section", "a", "b", "c", "d"])
    monkeypatch.setattr(datasets, "load_analogies", lambda name: table.copy())
    found = evaluate.analogies(vectors, **options)
    right, wrong = len(total["correct"]), len(total["incorrect"])
    assert (found.correct, found.asked) == (right, right + wrong)
    assert found.asked == 80 or not case_insensitive

    table["score"] = np.arange(80.0)
    renamed = table.rename(columns={"a": "word1", "b": "word2"})
    monkeypatch.setattr(datasets, "load_similarity", lambda name: renamed)
    alike = evaluate.similarity(vectors, **options)
    assert alike.pairs == 80 or not case_insensitive
    if alike.pairs > 2:
        _, rho, unknown = gensim.evaluate_word_pairs(str(tmp_path / "pairs.tsv"), **options)
        assert alike.spearman == pytest.approx(rho.statistic, abs=1e-6)
        assert alike.coverage == pytest.approx(1 - unknown / 100)


@pytest.mark.parametrize("words", [[COMPOSED, TAKEN_APART], [TAKEN_APART, COMPOSED]])
def test_of_two_forms_that_are_there_the_composed_one_is_evaluated(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = [[1, 0] if word == COMPOSED else [-1, 0.1] for word in words] + [[1, 0.2], [0, 1]]
    vectors = WordVectors([*words, "a", "b"], matrix)
    rows = [(COMPOSED, "a", 9.0), (TAKEN_APART, "b", 5.0), ("a", "b", 5.5)]
    table = pd.DataFrame(rows, columns=["word1", "word2", "score"])
    monkeypatch.setattr(datasets, "load_similarity", lambda name: table)
    for case_insensitive in (True, False):
        found = evaluate.similarity(vectors, case_insensitive=case_insensitive)
        assert found.pairs == 3 and found.spearman == 1


@pytest.mark.parametrize("asked", ["NFD", "letters", "half width"])
def test_typed_letters_are_looked_up_as_syllables(asked: str, tmp_path: Path) -> None:
    corpus = [["영화를", "보는", "밤", "ㅋㅋ"], ["좋은", "영화를", "값"]] * 4
    write = WRITTEN[asked]
    apart = [[write(word) for word in sentence] for sentence in corpus]
    vocabulary = text.Vocabulary.build(corpus)
    assert text.Vocabulary.build(apart).words == vocabulary.words
    assert np.array_equal(vocabulary.encode(apart).ids, vocabulary.encode(corpus).ids)
    vectors = fasttext.train(corpus, vector_size=8, min_count=1, bucket=50, epochs=1, sample=0)
    for word in ("영화를", "값", "ㅋㅋ", "영화관"):
        assert np.array_equal(vectors[write(word)], vectors[word])
        assert vectors.subwords(write(word)) == vectors.subwords(word)
    near = [word for word, _ in vectors.nearest(write("값"), 9)]
    assert "값" not in near and near == [word for word, _ in vectors.nearest("값", 9)]
    vectors.save(tmp_path / "v.txt")
    read = WordVectors.load(tmp_path / "v.txt", words=[write("값"), write("영화를")])
    assert read.words == ["영화를", "값"] and write("값") in read
    as_written = WordVectors(["값", "b"], np.eye(2), form=None)
    assert write("값") not in as_written


def test_korean_in_all_its_forms() -> None:
    apart = unicodedata.normalize("NFD", FILM)
    assert text.split_sentences(apart) == ["영화를 봤다.", "재미있었다."]
    assert [*hangul.tokenize_korean([apart])] == [*hangul.tokenize_korean([FILM])]
    assert hangul.misspellings(unicodedata.normalize("NFD", "재미")) == hangul.misspellings("재미")
    assert hangul.misspellings("재미") == ["제미"]
    kept = [*hangul.tokenize_korean([apart], form=None)]
    assert kept == [text.tokenize(apart, form=None)] and kept[0][0] == TAKEN_APART


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ㅇㅕㅇㅎㅘㄹㅡㄹ", "영화를"),
        ("ㄱㅏㅄㅇㅣ ㅂㅣㅆㅏㄷㅏ", "값이 비싸다"),
        ("ㅋㅋㅋ ㅠㅠ ㅇㅋ", "ㅋㅋㅋ ㅠㅠ ㅇㅋ"),
        ("ㄸㅏㄷㅡㅅ", "따듯"),
        ("ㅇㅕㅇㅎㅗㅏㄱㅗㅏㄴ", "영화관"),
        ("ㄱㅏㅂㅅㅇㅣ ㄱㅏㅂㅅㅣ ㄱㅏㅄ", "값이 갑시 값"),
        ("ㄷㅏㄹㄱ ㄷㅏㄹㄱㅗ ㅇㅡㅣㅅㅏ", "닭 달고 의사"),
        ("ㅗㅏ ㅂㅅ ㅂㅗㅏㅂㅅㅅㅏㄴㅣ", "ㅗㅏ ㅂㅅ 봢사니"),
        ("ㅏㅏ 가ㄱㅏ abc", "ㅏㅏ 가가 abc"),
    ],
)
def test_letters_typed_one_by_one_become_syllables(typed: str, meant: str) -> None:
    half = "".join(HALF.get(letter, letter) for letter in typed)
    assert len(HALF) == 51 and half != typed
    for written in (typed, half):
        assert hangul.join_letters(written) == meant
        assert [*hangul.tokenize_korean([written])] == [meant.split()]
        assert hangul.is_korean(written) and not hangul.is_korean(hangul.romanize(written))


def test_every_syllable_comes_back_from_its_letters() -> None:
    for code in range(0xAC00, 0xD7A4):
        letters = hangul.readable(hangul.decompose(chr(code))).replace(hangul.NO_FINAL, "")
        assert hangul.join_letters(letters) == chr(code)


def test_every_pair_of_syllables_comes_back_from_its_keys() -> None:
    """The keys of a letter are those by which Unicode names it: HWA is typed as H, O, A."""
    keys = dict(
        zip("ㅘㅙㅚㅝㅞㅟㅢ", ("ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"), strict=True)
    )
    for letter in "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ":  # RIEUL-KIYEOK: the names of both, or of one twice
        names = unicodedata.name(letter).removeprefix("HANGUL LETTER ").split("-")
        keys[letter] = "".join(unicodedata.lookup(f"HANGUL LETTER {name}") for name in names)
    typing = str.maketrans(keys)
    rng = np.random.default_rng(0)
    codes = np.stack([np.arange(0xAC00, 0xD7A4), rng.integers(0xAC00, 0xD7A4, 11_172)], axis=1)
    for pair in codes.tolist():
        word = "".join(map(chr, pair))
        letters = hangul.readable(hangul.decompose(word)).replace(hangul.NO_FINAL, "")
        assert hangul.join_letters(letters.translate(typing)) == word


def test_a_disguise_tears_no_letter_apart() -> None:
    rng = np.random.default_rng(0)
    for word in ("किताबखाना", unicodedata.normalize("NFD", "éèêë")):
        swapped = messages.disguise(word, share=1.0, rng=rng, way="swap")
        assert sorted(swapped) == sorted(word) and swapped != word
        whole = [c + m for c, m in pairwise(swapped) if unicodedata.combining(m)]
        assert all(pair in word for pair in whole)


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="form is 'NFX'"):
        writing.normalize("a", "NFX")


@pytest.mark.parametrize("ending", ["txt", "bin"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_words_of_a_file_are_found_as_in_look_ups(tmp_path, ending, form, asked) -> None:
    words = [unicodedata.normalize(form, word) for word in ("thé", "the", "영화", "e", "été")]
    path = tmp_path / f"vectors.{ending}"
    WordVectors(words, np.eye(5)).save(path)
    wanted = [unicodedata.normalize(asked, word) for word in ("영화", "thé")]
    found = WordVectors.load(path, words=wanted)
    assert found.words == [words[0], words[2]] and all(word in found for word in wanted)


def test_half_a_surrogate_pair_is_a_letter_to_fasttext() -> None:
    """A message cut inside an emoji holds one; it is trained on, and looked up, as any letter."""
    half = "\U0001f600".encode("utf-16", "surrogatepass")[2:4].decode("utf-16-le", "surrogatepass")
    vectors = fasttext.train(
        [["good", f"day{half}"]] * 9, vector_size=4, min_count=1, bucket=50, epochs=1, sample=0
    )
    for word in (half, f"day{half}", f"days{half}"):
        assert word in vectors and np.isfinite(vectors[word]).all()
    assert fasttext.hash_ngram("\ufffd") != fasttext.hash_ngram(half)
