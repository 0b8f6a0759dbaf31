"""Wrong answers to the exercises of notebook 03."""

from __future__ import annotations

import math
from collections import Counter

from exercises.planted import Planted


def no_ends(lengths, window):
    return 2 * window * sum(lengths)


def one_long_text(lengths, window):
    n = sum(lengths)
    return sum(min(i, window) + min(n - 1 - i, window) for i in range(n))


def long_sentences_only(lengths, window):
    return sum(2 * window * n - window * (window + 1) for n in lengths)


def left_side_only(lengths, window):
    return sum(min(i, window) for n in lengths for i in range(n))


def reach_of_the_context(sentence, reach):
    places = range(len(sentence))
    return [
        (sentence[i], sentence[j]) for i in places for j in places if 0 < abs(i - j) <= reach[j]
    ]


def range_stops_early(sentence, reach):
    return [
        (word, sentence[j])
        for i, word in enumerate(sentence)
        for j in range(max(0, i - reach[i] + 1), min(len(sentence), i + reach[i]))
        if j != i
    ]


def with_itself(sentence, reach):
    return [
        (word, other)
        for i, word in enumerate(sentence)
        for other in sentence[max(0, i - reach[i]) : i + reach[i] + 1]
    ]


def nearest_first(sentence, reach):
    return [
        (word, sentence[j])
        for i, word in enumerate(sentence)
        for step in range(1, reach[i] + 1)
        for j in (i - step, i + step)
        if 0 <= j < len(sentence)
    ]


def both_faults(sentence, reach):
    places = range(len(sentence))
    return [(sentence[i], sentence[j]) for i in places for j in places if 0 < abs(i - j) < reach[j]]


def output_table_first():
    return "DCFEAB"


def context_last():
    return "DCAEBF"


def slope_of_the_prediction_alone():
    return "DCAFEB"


def error_before_hidden():
    return "CDFAEB"


def five_lines():
    return "DCFAE"


def in_bits(pairs):
    both, centers = Counter(pairs), Counter(c for c, _ in pairs)
    return -sum(math.log2(both[pair] / centers[pair[0]]) for pair in pairs) / len(pairs)


def entropy_of_pairs(pairs):
    both = Counter(pairs)
    return -sum(math.log(both[pair] / len(pairs)) for pair in pairs) / len(pairs)


def mean_over_centers(pairs):
    both, centers = Counter(pairs), Counter(c for c, _ in pairs)
    of_center = dict.fromkeys(centers, 0.0)
    for (center, _), n in both.items():
        share = n / centers[center]
        of_center[center] -= share * math.log(share)
    return sum(of_center.values()) / len(of_center)


def all_contexts_alike(pairs):
    kinds = Counter(center for center, _ in set(pairs))
    return sum(math.log(kinds[center]) for center, _ in pairs) / len(pairs)


PLANTED = {
    "03.1": [
        Planted(no_ends, says="gives every word 2m neighbours"),
        Planted(one_long_text, says="must not cross the end of a sentence"),
        Planted(long_sentences_only, says="holds only for sentences longer than m"),
        Planted(left_side_only, says="is 11; wanted 22"),
    ],
    "03.2": [
        Planted(reach_of_the_context, says="you asked the context word for its reach"),
        Planted(range_stops_early, says="the farthest neighbours are missing"),
        Planted(with_itself, says="a word is paired with itself"),
        Planted(nearest_first, says="centres from left to right"),
        Planted(both_faults, says="both faults are there still"),
    ],
    "03.3": [
        Planted(output_table_first, says="an output table that has already made its step"),
        Planted(context_last, says="before 1 is subtracted from ŷ at the context"),
        Planted(slope_of_the_prediction_alone, says="needs an error that is ŷ − y already"),
        Planted(error_before_hidden, says="uses a name before another line gives it a value"),
        Planted(five_lines, says="line B is missing"),
    ],
    "03.4": [
        Planted(in_bits, says="that is in bits"),
        Planted(entropy_of_pairs, says="divide by the count of the centre"),
        Planted(mean_over_centers, says="gives every centre the same weight"),
        Planted(all_contexts_alike, says="its share among the pairs of that centre"),
    ],
    "03.5": [
        Planted(lambda: "A", says="would not go with the rate"),
        Planted(lambda: "B", says="do not show that two methods are alike"),
        Planted(lambda: "D", says="it has made no pass over the text"),
        Planted(lambda: "E", says="none of the choices"),
    ],
}
