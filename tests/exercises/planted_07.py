"""Plausible mistakes in the exercises of notebook 07, and what the learner must be told."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from exercises.planted import Planted

# 07.1


def zeros_in_front(sequences, length):
    return np.array([[0] * (length - len(s)) + s[-length:] for s in sequences])


def first_ids_kept(sequences, length):
    return np.array([s[:length] + [0] * (length - len(s)) for s in sequences])


def never_cut(sequences, length):
    longest = max(length, *map(len, sequences))
    return np.array([s + [0] * (longest - len(s)) for s in sequences])


def always_the_longest(sequences, length):
    cut = [s[-length:] for s in sequences]
    longest = max(map(len, cut))
    return np.array([s + [0] * (longest - len(s)) for s in cut])


# 07.2


def filled(words, vectors, filler, padding_first=True):
    rows = [vectors.get(word, filler) for word in words]
    zeros = np.zeros_like(filler)
    return np.array([zeros, *rows] if padding_first else [*rows, zeros])


def mean_of_found(words, vectors):
    return np.mean([vectors[word] for word in words if word in vectors], axis=0)


def zeros_for_missing(words, vectors):
    return filled(words, vectors, 0 * mean_of_found(words, vectors))


def mean_of_all(words, vectors):
    return filled(words, vectors, np.mean(list(vectors.values()), axis=0))


def padding_last(words, vectors):
    return filled(words, vectors, mean_of_found(words, vectors), padding_first=False)


def without_padding(words, vectors):
    return filled(words, vectors, mean_of_found(words, vectors))[1:]


def padding_in_the_mean(words, vectors):
    found = [vectors[word] for word in words if word in vectors]
    return filled(words, vectors, np.sum(found, axis=0) / (len(found) + 1))


def padding_filled(words, vectors):
    table = filled(words, vectors, mean_of_found(words, vectors))
    table[0] = table[1:].mean(axis=0)
    return table


# 07.3


def shares(tokens, known):
    distinct = list(dict.fromkeys(tokens))
    missing = [word for word in distinct if word not in known]
    words = 1 - len(missing) / len(distinct)
    running = sum(token in known for token in tokens) / len(tokens)
    return words, running, max(missing, key=tokens.count, default=None)


def swapped(tokens, known):
    words, running, missing = shares(tokens, known)
    return running, words, missing


def all_known_counted(tokens, known):
    return len(known) / len(set(tokens)), *shares(tokens, known)[1:]


def running_by_words(tokens, known):
    words, _, missing = shares(tokens, known)
    return words, words, missing


def first_missing(tokens, known):
    missing = [token for token in tokens if token not in known]
    return *shares(tokens, known)[:2], missing[0] if missing else None


def last_of_a_tie(tokens, known):
    missing = sorted(set(tokens) - known)
    answer = max(reversed(missing), key=tokens.count, default=None)
    return *shares(tokens, known)[:2], answer


def empty_word_for_none(tokens, known):
    *both, missing = shares(tokens, known)
    return *both, missing or ""


# 07.4


def row(content, start, size, kind="<f4", skip=True):
    if skip and content[start : start + 1] == b"\n":
        start += 1
    space = content.index(b" ", start)
    end = space + 1 + 4 * size
    return content[start:space].decode(), np.frombuffer(content[space + 1 : end], kind), end


def highest_byte_first(content, start, size):
    return row(content, start, size, ">f4")


def line_end_kept(content, start, size):
    return row(content, start, size, skip=False)


def space_kept(content, start, size):
    space = content.index(b" ", start)
    word = content[start : space + 1].decode().lstrip("\n")
    return word, *row(content, start, size)[1:]


def line_end_always(content, start, size):
    word, vector, end = row(content, start, size)
    return word, vector, end + 1


def half_precision(content, start, size):
    word, _, end = row(content, start, size)
    begin = end - 4 * size
    return word, np.frombuffer(content[begin : begin + 2 * size], "<f2"), end


# 07.5


def gradient(ids, labels, table, dense, bias, real=None, mean=True, texts=None):
    real = (ids != 0) if real is None else real
    share = real / real.sum(axis=1, keepdims=True) if mean else real.astype(float)
    z = bias + (share[:, :, None] * table[ids]).sum(axis=1) @ dense
    pull = (expit(z) - labels) / (texts or len(labels))
    out = np.zeros_like(table)
    np.add.at(out, ids, (pull[:, None] * share)[:, :, None] * dense)
    return out


def uphill(*parts):
    return -gradient(*parts)


def summed_over_texts(*parts):
    return gradient(*parts, texts=1)


def sum_of_vectors(*parts):
    return gradient(*parts, mean=False)


def padding_counted(ids, *parts):
    return gradient(ids, *parts, real=np.ones_like(ids))


def padding_row_moved(ids, *parts):
    out = gradient(ids, *parts)
    out[0] = gradient(ids, *parts, real=np.ones_like(ids))[0]
    return out


def repeats_lost(ids, labels, table, dense, bias):
    real = ids != 0
    share = real / real.sum(axis=1, keepdims=True)
    z = bias + (share[:, :, None] * table[ids]).sum(axis=1) @ dense
    pull = (expit(z) - labels) / len(labels)
    out = np.zeros_like(table)
    out[ids] += (pull[:, None] * share)[:, :, None] * dense  # one of the repeats wins
    out[0] = 0
    return out


PLANTED = {
    "07.1": [
        Planted(zeros_in_front, says="the zeros stand in front"),
        Planted(first_ids_kept, says="the *last* ids stay"),
        Planted(never_cut, says="has shape (5, 8); wanted (5, 5)"),
        Planted(always_the_longest, says="with length 4 for one row of two ids"),
    ],
    "07.2": [
        Planted(zeros_for_missing, says="gets the mean, not zeros"),
        Planted(mean_of_all, says="not over all vectors"),
        Planted(padding_last, says="row 0 is padding, it comes first"),
        Planted(without_padding, says="has shape (5, 4); wanted (6, 4)"),
        Planted(padding_in_the_mean, says="padding is no part of the mean"),
        Planted(padding_filled, says="it must be all zeros"),
    ],
    "07.3": [
        Planted(swapped, says="the shares are swapped"),
        Planted(all_known_counted, says="known holds words that are not in the text"),
        Planted(running_by_words, says="counts every occurrence"),
        Planted(first_missing, says="occurs most often"),
        Planted(last_of_a_tie, says="b comes first"),
        Planted(empty_word_for_none, says="return None"),
    ],
    "07.4": [
        Planted(highest_byte_first, says="the lowest byte comes first"),
        Planted(line_end_kept, says="the word begins with a line end"),
        Planted(space_kept, says="the word ends at the first space"),
        Planted(line_end_always, says="a line end not yet passed"),
        Planted(half_precision, says="4 bytes a number"),
    ],
    "07.5": [
        Planted(uphill, says="the sign is wrong"),
        Planted(summed_over_texts, says="divide by N"),
        Planted(sum_of_vectors, says="divide by L"),
        Planted(padding_counted, says="padding is no part of the mean"),
        Planted(padding_row_moved, says="it gets no gradient at all"),
        Planted(repeats_lost, says="each place adds"),
    ],
}
