"""The registry's rows for word vectors: sets to test them on, and pretrained ones."""

from __future__ import annotations

from course_lib.datasets.entries import Dataset, File, in_gensim, own_sample

# Each address names one commit, so that what it gives cannot change.
_WORDSIM = (
    "https://raw.githubusercontent.com/mfaruqui/eval-word-vectors/"
    "94b3dd9fdbac7ed08dbee7179cd5ee464acf0594/data/word-sim/"
)
_SCWS = (
    "https://raw.githubusercontent.com/danlou/LMMS/"
    "65f5829a5c9d91a0c46db3633ddf3beb8a0af4e1/external/scws/"
)
_KOREAN_VECTORS = (
    "https://raw.githubusercontent.com/SungjoonPark/KoreanWordVectors/"
    "7a815fa9ea63c940249ed9dedac0e6a97d61e8c6/"
)


def _word_similarity(name: str, size: int, sha256: str) -> tuple[File]:
    return (File(f"wordsim/{name}", size, sha256, url=_WORDSIM + name),)


EVALUATION_SETS = (
    Dataset(
        "wordsim353",
        "353 word pairs rated for relatedness, 0 to 10",
        in_gensim(
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
        in_gensim(
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
        in_gensim(
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

# No commit stands in these addresses: the files are old, large, and held to their checksum.
PRETRAINED = (
    Dataset(
        "course_vectors",
        "word2vec vectors of 20,000 words in 100 dimensions, trained for this course",
        own_sample(
            "vectors/vectors.hdf5",
            3_601_956,
            "14e5752eb817c362edf619dc00273cee6b20f6b1717a9f08824cee801a99c5af",
        ),
        "Apache-2.0, as the course; trained on text under CC BY-SA",
        "the authors of this course; the text is English Wikipedia's",
    ),
    Dataset(
        "glove_6b",
        "GloVe vectors of 400,000 words in 50, 100, 200 and 300 dimensions",
        (
            File(
                "glove/glove.6B.zip",
                862_182_613,
                "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
                url="https://nlp.stanford.edu/data/glove.6B.zip",
            ),
        ),
        "PDDL 1.0",
        "Pennington, Socher & Manning 2014, GloVe: Global Vectors for Word Representation",
    ),
    Dataset(
        "glove_6b_slice",
        "4,197 of those words, in 50 dimensions",
        (
            File(
                "glove_6b_slice/glove50_4k.txt",
                1_795_588,
                "fbaba27d6d60cdd6a36e984f72a1ed732dab76e95444edd05ec4e2ddfd0afe23",
            ),
        ),
        "PDDL 1.0",
        "Pennington, Socher & Manning 2014, GloVe: Global Vectors for Word Representation",
    ),
    Dataset(
        "googlenews",
        "word2vec vectors of 3,000,000 words and phrases in 300 dimensions",
        (
            File(
                "word2vec/GoogleNews-vectors-negative300.bin.gz",
                1_647_046_227,
                "21c05ae916a67a4da59b1d006903355cced7de7da1e42bff9f0504198c748da8",
                url="https://s3.amazonaws.com/dl4j-distribution/"
                "GoogleNews-vectors-negative300.bin.gz",
            ),
        ),
        "not stated (that of the program is Apache-2.0)",
        "Mikolov et al. 2013b, Distributed Representations of Words and Phrases",
    ),
    Dataset(
        "googlenews_slice",
        "1,241 of those words, scaled to length 1 when they are read",
        (
            File(
                "googlenews_word2vec_slice/googlenews_257_exact.txt.xz",
                158_052,
                "a756d05ba45e4a1f1f99e13e65c059cd99558bc5396b6813614adc8dc245297b",
            ),
            File(
                "googlenews_word2vec_slice/googlenews_1000_l2norm.txt.xz",
                840_344,
                "3a5f4badd1566256098c49f300db1a74b5f527c0a3824aa3e188e5d5dcb6fe95",
            ),
        ),
        "not stated (that of the program is Apache-2.0)",
        "Mikolov et al. 2013b, Distributed Representations of Words and Phrases",
    ),
)
