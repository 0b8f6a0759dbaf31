"""A step of AdaGrad for each entry: the loop that ``fit`` compiles and spends its time in."""

from __future__ import annotations

import numpy as np


def adagrad_steps(
    word: np.ndarray,
    context: np.ndarray,
    word_squares: np.ndarray,
    context_squares: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    log_counts: np.ndarray,
    weights: np.ndarray,
    alpha: float,
) -> float:
    """Take the entries one after the other; after each, move its two rows of the tables.

    With e the error of an entry, the gradient of w_i is 2 f(X_ij) e w~_j, that of w~_j the
    same with w_i, and that of both biases 2 f(X_ij) e. AdaGrad adds the square of each
    number's gradient g to a running sum s and moves the number by -alpha · g / sqrt(s).

    Parameters
    ----------
    word, context : numpy.ndarray, float, (V, M + 1)
        As in :class:`GloVe`; changed in place.
    word_squares, context_squares : numpy.ndarray, float, (V, M + 1)
        The sums s so far; changed in place.
    rows, columns, log_counts, weights : numpy.ndarray, (n,)
        As in :class:`Entries`.
    alpha : float
        The learning rate, a number of the tables' type.

    Returns
    -------
    float
        The sum of f(X_ij) e² over the entries, each before its step.

    References
    ----------
    Pennington, Socher and Manning 2014, section 4.2; Duchi, Hazan and Singer 2011,
    "Adaptive Subgradient Methods", section 1.1.
    """
    size, loss = word.shape[1] - 1, 0.0
    for n in range(len(rows)):
        w, c = word[rows[n]], context[columns[n]]  # (M + 1,), the bias last
        s, t = word_squares[rows[n]], context_squares[columns[n]]
        error = w[size] + c[size] - log_counts[n]
        for k in range(size):
            error += w[k] * c[k]
        loss += weights[n] * error * error
        pull = weights[n] * (error + error)  # 2 f e: a whole number 2 would make it float64
        for k in range(size):
            w_gradient, c_gradient = pull * c[k], pull * w[k]
            s[k] += w_gradient * w_gradient
            t[k] += c_gradient * c_gradient
            w[k] -= alpha * w_gradient / np.sqrt(s[k])
            c[k] -= alpha * c_gradient / np.sqrt(t[k])
        for vector, squares in ((w, s), (c, t)):
            squares[size] += pull * pull
            vector[size] -= alpha * pull / np.sqrt(squares[size])
    return loss
