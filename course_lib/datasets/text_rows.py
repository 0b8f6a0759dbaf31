"""The registry's rows for text: corpora to train on, and texts with a label."""

from __future__ import annotations

from course_lib.datasets.entries import Dataset, File, in_gensim, own_sample

# The address names one commit, so that what it gives cannot change.
_NLTK = (
    "https://raw.githubusercontent.com/nltk/nltk_data/"
    "5db857e6f7df11eabb5e5665836db9ec8df07e28/packages/corpora/"
)

TEXTS = (
    Dataset(
        "wikipedia",
        "106 English Wikipedia articles, Anarchism to Algorithm",
        in_gensim(
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
        in_gensim(
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
        own_sample(
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
        "imdb",
        "50,000 English film reviews, each rated good (1) or bad (0)",
        (
            File(
                "imdb/aclImdb_v1.tar.gz",
                84_125_825,
                "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
                url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            ),
        ),
        "not stated; cite the paper",
        "Maas et al. 2011, Learning Word Vectors for Sentiment Analysis",
    ),
    Dataset(
        "imdb_packed",
        "the same 50,000 English film reviews, packed anew without those that have no label",
        (
            File(
                "imdb/aclImdb_labeled.tar.xz",
                18_696_208,
                "4bc31ac3d4ed259c12f407684578f38e95eb477ce3511106d10f9d3dcfeb1b18",
            ),
        ),
        "not stated; cite the paper",
        "Maas et al. 2011, Learning Word Vectors for Sentiment Analysis",
    ),
    Dataset(
        "reviews",
        "300 short film reviews, good and bad, a small sample written for this course",
        own_sample(
            "reviews.tsv",
            62_588,
            "b04bff9e0c8ab3b35e29a649a668196c680618c807d1c09e98e886e6a7774cf4",
        ),
        "Apache-2.0, as the course",
        "the authors of this course",
    ),
    Dataset(
        "sms_spam",
        "5,572 English text messages (SMS), each marked as spam (1) or not (0)",
        (
            File(
                "sms_spam/spam.csv",
                503_663,
                "440e6ea9fa825578abfdd7b7932ef8393d72ef86c0c33f64676705ce40b1dfc2",
            ),
        ),
        "CC BY 4.0, as the UCI repository states for the collection",
        "Almeida, Gomez Hidalgo & Yamakami 2011, SMS Spam Collection, UCI Machine Learning "
        "Repository 228; as CSV",
    ),
    Dataset(
        "messages",
        "400 short text messages, 60 of them spam, a small sample written for this course",
        own_sample(
            "messages.tsv",
            23_095,
            "a9c0e2f2babc6d35abbbee50bb3f818ebb6c2cb26a472be7af9de93100a89c03",
        ),
        "Apache-2.0, as the course",
        "the authors of this course",
    ),
    Dataset(
        "coarsewsd20",
        "CoarseWSD-20: 33,566 Wikipedia sentences with one of 20 words, its sense marked",
        (
            File(
                "coarsewsd20/CoarseWSD-20.tar.xz",
                1_567_772,
                "8a9e1029e7667d77fd190fc16c15600315ec90041fc71f2451cbc23143b81ad6",
            ),
        ),
        "CC BY-NC 4.0",
        "Loureiro et al. 2021, Analysis and Evaluation of Language Models for Word Sense "
        "Disambiguation; packed with xz",
    ),
    Dataset(
        "homonyms",
        "240 sentences with one of eight words, sense and parts of speech marked, a small "
        "sample written for this course",
        own_sample(
            "homonyms.tsv",
            28_594,
            "e8a49c95fb78d1999b014f3a220a54cc967c16f0b52b2550868561edda9b7a5b",
        ),
        "Apache-2.0, as the course",
        "the authors of this course",
    ),
)
