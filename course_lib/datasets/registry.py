"""The list of data sets: what each one is, whose it is, and the files it stands in.

A new data set is a new row here, and a reader where its loader lives.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Attributes
    ----------
    path : str
        Where the file stands below the cache folder and below every mirror folder.
    size : int
        Length in bytes.
    sha256 : str
        Checksum of the right file, in hexadecimal digits.
    url : str, optional
        Public address of exactly this file; none for a file that was packed anew.
    shipped : str, optional
        ``package/path`` of the file inside an installed Python package, for embedded sets.
    """

    path: str
    size: int
    sha256: str
    url: str | None = None
    shipped: str | None = None


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes
    ----------
    name : str
        The short name that loaders and the command line take.
    what : str
        What it is, in one line.
    files : tuple of File
    licence : str
        The licence as far as the source states one.
    citation : str
        Who made it: the paper to cite, or the source.
    """

    name: str
    what: str
    files: tuple[File, ...]
    licence: str
    citation: str

    @property
    def kind(self) -> Literal["embedded", "remote"]:
        """``embedded`` where every file ships inside a package, else ``remote``."""
        return "embedded" if all(file.shipped for file in self.files) else "remote"

    @property
    def size(self) -> int:
        """Length of all files together, in bytes."""
        return sum(file.size for file in self.files)


def _own_sample(name: str, size: int, sha256: str) -> tuple[File]:
    return (File(f"samples/{name}", size, sha256, shipped=f"course_lib/assets/{name}"),)


def _in_gensim(name: str, size: int, sha256: str) -> tuple[File]:
    return (File(f"gensim/{name}", size, sha256, shipped=f"gensim/test/test_data/{name}"),)


# Each address names one commit, so that what it gives cannot change.
_WORDSIM = (
    "https://raw.githubusercontent.com/mfaruqui/eval-word-vectors/"
    "94b3dd9fdbac7ed08dbee7179cd5ee464acf0594/data/word-sim/"
)
_SCWS = (
    "https://raw.githubusercontent.com/danlou/LMMS/"
    "65f5829a5c9d91a0c46db3633ddf3beb8a0af4e1/external/scws/"
)
_NLTK = (
    "https://raw.githubusercontent.com/nltk/nltk_data/"
    "5db857e6f7df11eabb5e5665836db9ec8df07e28/packages/corpora/"
)


_KOREAN_VECTORS = (
    "https://raw.githubusercontent.com/SungjoonPark/KoreanWordVectors/"
    "7a815fa9ea63c940249ed9dedac0e6a97d61e8c6/"
)


def _word_similarity(name: str, size: int, sha256: str) -> tuple[File]:
    return (File(f"wordsim/{name}", size, sha256, url=_WORDSIM + name),)


_ROWS = (
    Dataset(
        "wikipedia",
        "106 English Wikipedia articles, Anarchism to Algorithm",
        _in_gensim(
            "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
            1_695_871,
            "a53f4648dec40467ebdcbc7a1307eddb51fe6e28e9309f6ebde81ba0d04bea2d",
        ),
        "CC BY-SA",
        "English Wikipedia and its authors; cut from a dump by the gensim project",
    ),
    Dataset(
        "lee",
        "300 short news texts of the Australian Broadcasting Corporation",
        _in_gensim(
            "lee_background.cor",
            360_082,
            "5d78d6dafd953bbf65797bef09a9ffb9ec430583381be705f8fd460000f370fb",
        ),
        "not stated; part of the gensim package",
        "Lee, Pincombe & Welsh 2005, An empirical evaluation of models of text document similarity",
    ),
    Dataset(
        "enwiki",
        "3,957 English Wikipedia articles of 2015, about 9.6 million words",
        (
            File(
                "enwiki_slice/enwiki_2015_AA_00-59.tar.xz",
                16_163_684,
                "99b76aab736e2bee6f677eedef7f75c24ef94f768cf6ad2b8a97414b43f96b5f",
            ),
        ),
        "CC BY-SA",
        "English Wikipedia and its authors; text taken out with WikiExtractor",
    ),
    Dataset(
        "brown",
        "Brown corpus: 500 American texts of 1961, 1.16 million tagged tokens",
        (
            File(
                "brown/brown.zip",
                3_314_357,
                "9b275f9b3b95d7bd66ccfb7cd259f445a13bbe5d1f4107aba09fd3e8364bafa6",
                url=_NLTK + "brown.zip",
            ),
        ),
        "non-commercial use",
        "Francis & Kucera 1964, Brown University Standard Corpus of Present-Day American English",
    ),
    Dataset(
        "korean",
        "Korean sentences on everyday subjects, a small sample written for this course",
        _own_sample(
            "korean_sentences.txt",
            32_248,
            "9512fcfec8c1f892569e7a868902f3d170ffdf7b9a87c7f5d2130a1561e5ef5d",
        ),
        "Apache-2.0, as the course",
        "the authors of this course",
    ),
    Dataset(
        "kowiki",
        "10,894 Korean Wikipedia articles, about 3.8 million words",
        (
            File(
                "kowiki_slice/kowiki_AA_00-39.tar.xz",
                10_102_436,
                "ca22fdbb52c25edd6b23e6b18a9198d531e830bdd29b44c1acf1de6187e213c5",
            ),
        ),
        "CC BY-SA",
        "Korean Wikipedia and its authors; text by WikiExtractor",
    ),
    Dataset(
        "nsmc",
        "200,000 Korean film reviews of one line, each rated good (1) or bad (0)",
        (
            File(
                "nsmc/ratings_train.txt.xz",
                4_359_036,
                "a06901b11fad9d1a03a2f94922d04279f0e16b39ddb521eae8e5a5057434590e",
            ),
            File(
                "nsmc/ratings_test.txt.xz",
                1_530_376,
                "5f377c9960d44dff648f70e7572278252a5334096dca3313fa35e75c94a73e6a",
            ),
        ),
        "CC0 1.0",
        "Naver sentiment movie corpus v1.0 (github.com/e9t/nsmc), packed with xz",
    ),
    Dataset(
        "wordsim353",
        "353 word pairs rated for relatedness, 0 to 10",
        _in_gensim(
            "wordsim353.tsv",
            7_186,
            "f92a022fc2537793a15bc3a8c162ebcd74990e033a228bb6388cb71e4c0b1e1d",
        ),
        "not stated; part of the gensim package",
        "Finkelstein et al. 2002, Placing Search in Context: The Concept Revisited",
    ),
    Dataset(
        "simlex999",
        "999 word pairs rated for similarity (not relatedness), 0 to 10",
        _in_gensim(
            "simlex999.txt",
            18_126,
            "d5e0501971478a511430ee880bd0121e94ac701ba86d90544d83e6d2ba3db05d",
        ),
        "not stated; part of the gensim package",
        "Hill, Reichart & Korhonen 2015, SimLex-999",
    ),
    Dataset(
        "analogies",
        "19,544 analogy questions in 14 sections (questions-words)",
        _in_gensim(
            "questions-words.txt",
            603_955,
            "8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
        ),
        "Apache-2.0 (part of the word2vec program)",
        "Mikolov et al. 2013a, Efficient Estimation of Word Representations in Vector Space",
    ),
    Dataset(
        "wordsim353_ko",
        "353 Korean word pairs rated for relatedness, 0 to 10",
        (
            File(
                "korean_wordvec_eval/WS353_korean.csv",
                7_378,
                "1a2d9048dfde1a63e864c59f292db42ebe62b63469900d08bb87b074cc96306e",
                url=_KOREAN_VECTORS + "WS353_korean.csv",
            ),
        ),
        "not stated; cite the paper",
        "Park et al. 2018, Subword-level Word Vector Representations for Korean",
    ),
    Dataset(
        "analogies_ko",
        "10,000 Korean analogy questions in 10 sections",
        (
            File(
                "korean_wordvec_eval/word_analogy_korean.txt",
                408_970,
                "b6dea84dda708883948de3b5922604acbe8fe71ed137c005c5b58b2cccbe4e96",
                url=_KOREAN_VECTORS + "word_analogy_korean.txt",
            ),
        ),
        "not stated; cite the paper",
        "Park et al. 2018, Subword-level Word Vector Representations for Korean",
    ),
    Dataset(
        "men",
        "3,000 word pairs rated for relatedness, 0 to 50",
        _word_similarity(
            "EN-MEN-TR-3k.txt",
            53_593,
            "888b13580faa362c7b11da0a670258cf1b1eb4bf0ecbcd418918729a3bd3f43a",
        ),
        "not stated; cite the paper",
        "Bruni, Tran & Baroni 2014, Multimodal Distributional Semantics",
    ),
    Dataset(
        "rw",
        "2,034 pairs with rare words, rated for similarity, 0 to 10",
        _word_similarity(
            "EN-RW-STANFORD.txt",
            49_851,
            "5108d54dfc746f44f9c3d7e31d2857c37cf71430bc1594175a61a3b89bb0ae1f",
        ),
        "not stated; cite the paper",
        "Luong, Socher & Manning 2013, Better Word Representations with Recursive Neural Networks",
    ),
    Dataset(
        "mturk771",
        "771 word pairs rated for relatedness, 1 to 5",
        _word_similarity(
            "EN-MTurk-771.txt",
            19_628,
            "04dc297c9e86b6fa7cf8ef0e4ba2e2c8d3399ec68d92fb7a53c0b4aae27198b5",
        ),
        "not stated; cite the paper",
        "Halawi et al. 2012, Large-scale learning of word relatedness with constraints",
    ),
    Dataset(
        "simverb3500",
        "3,500 verb pairs rated for similarity, 0 to 10",
        _word_similarity(
            "EN-SimVerb-3500.txt",
            65_315,
            "9d84274e7ad029fd3cf69dd0516e9ade624bbef9bd4e2050f6cc1fa01471e0f5",
        ),
        "not stated; cite the paper",
        "Gerz et al. 2016, SimVerb-3500: A Large-Scale Evaluation Set of Verb Similarity",
    ),
    Dataset(
        "scws",
        "2,003 word pairs rated in context, 0 to 10",
        (
            File(
                "scws/ratings.txt",
                2_365_438,
                "b371cee6142e6be9fad9129a2b6cc7e3b945b7bc931b355051043fb438c16000",
                url=_SCWS + "ratings.txt",
            ),
        ),
        "not stated; cite the paper",
        "Huang et al. 2012, Improving Word Representations via Global Context",
    ),
)

REGISTRY: dict[str, Dataset] = {row.name: row for row in _ROWS}


def unknown_name(name: object, known: Collection[str], kind: str = "data set") -> str:
    """Return the sentence that answers an unknown name: the close ones, then all."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=3) if isinstance(name, str) else []
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"There is no {kind} called {name!r}.{hint} Known: {', '.join(known)}."
