"""ELMo as a step of a scikit-learn pipeline: texts in, one vector a text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from course_lib.charcnn import Cache
from course_lib.classify.messages import mean_of_words, pooled_layers
from course_lib.elmo import Elmo, ScalarMix
from course_lib.text import tokenize

_POOLINGS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    # From mixed words (B, T, 2 P), 0 where there is none, and their mask (B, T) to (B, 2 P).
    "mean": mean_of_words,
    "max": lambda mixed, mask: mixed.masked_fill(~mask.unsqueeze(2), -torch.inf).amax(1),
    "first": lambda mixed, mask: mixed[:, 0],
}


class ElmoVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """One vector a text: ELMo's layers mixed, then its words pooled.

    Nothing is learned from the texts. Copies that scikit-learn makes (``clone``, hence every fold
    of a search over a grid) share the model and the texts seen so far.

    Parameters
    ----------
    model : str or Elmo
        ``"course"``, the name of an official model (see :meth:`~course_lib.elmo.Elmo.official`;
        nothing is downloaded), or a model. A name is loaded when it is needed and kept.
    pooling : {"mean", "max", "first"}
        Pooling over the words of a text; ``"first"`` takes the first word alone.
    layer : int, optional
        Take this layer, 0 the character vectors, -1 the top; by default the mean of all.
    mix : ScalarMix, optional
        Take this weighted sum, as it stands; without layer norm, which would let a text's vector
        depend on the texts beside it.
    tokenizer : callable, optional
        From a text to a list of words. Default: ``text.tokenize`` with capitals and punctuation
        kept, as ELMo has read them.
    batch_size : int
        Texts of a batch; texts are batched by length.
    cache : int
        Size in texts of the LRU cache of vectors; 0 for none.

    Attributes
    ----------
    vector_size_ : int
        Size of a text's vector, 2 P of the model.
    """

    def __init__(
        self,
        model: str | Elmo = "course",
        *,
        pooling: Literal["mean", "max", "first"] = "mean",
        layer: int | None = None,
        mix: ScalarMix | None = None,
        tokenizer: Callable[[str], Sequence[str]] | None = None,
        batch_size: int = 32,
        cache: int = 20_000,
    ) -> None:
        self.model = model
        self.pooling = pooling
        self.layer = layer
        self.mix = mix
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.cache = cache

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags

    def __sklearn_clone__(self) -> Self:
        given = self.get_params(deep=False)
        model = given.pop("model")
        twin = type(self)(model, **{name: clone(v, safe=False) for name, v in given.items()})
        twin._known = self._vectors()
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {name: v for name, v in super().__getstate__().items() if name != "_known"}

    def fit(self, X: Iterable[str], y: Any = None) -> Self:
        """Check the parameters and the texts, and load the model; ``y`` is ignored.

        Parameters
        ----------
        X : iterable of str

        Raises
        ------
        ValueError
            If a parameter has an impossible value, or a text is empty.
        TypeError
            If ``X`` is one string, or a text is not a string.
        """
        if self.pooling not in _POOLINGS:
            raise ValueError(f"pooling is {self.pooling!r}; choose one of {', '.join(_POOLINGS)}.")
        for name, least in (("batch_size", 1), ("cache", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be {least} or more.")
        model = _loaded(self.model)
        if model.stateful:
            raise ValueError("The model carries its state from text to text: load it without.")
        self._weights(model)
        self._tokenized(X)
        self.vector_size_ = model.vector_size
        return self

    def transform(self, X: Iterable[str]) -> np.ndarray:
        """Return the vectors of texts, float32, (texts, 2 P), in their order.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        ValueError, TypeError
            As in :meth:`fit`.
        """
        check_is_fitted(self, "vector_size_")
        model = _loaded(self.model)
        weights, pooling = self._weights(model), _POOLINGS[self.pooling]

        def pool(layers: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return pooling(torch.tensordot(layers.new_tensor(weights), layers, dims=1), mask)

        def computed(new: list[tuple]) -> list[np.ndarray]:
            texts = [words for *_, words in new]
            vectors = pooled_layers(model, texts, batch_size=self.batch_size, pool=pool)
            return [vector.copy() for vector in vectors]  # a row would keep all of them alive

        keys = [(model, self.pooling, weights, words) for words in self._tokenized(X)]
        known = self._vectors()
        known.size = self.cache
        return np.stack(known.look_up(keys, computed))

    def _weights(self, model: Elmo) -> tuple[float, ...]:
        """Return the weight of each layer."""
        n_layers = model.n_layers
        if self.mix is not None:
            if self.layer is not None:
                raise ValueError(f"layer is {self.layer} and a mix is given: take one of them.")
            if self.mix.layer_norm:
                raise ValueError("A mix with layer_norm cannot be used: see the documentation.")
            weights = (self.mix.gamma * self.mix.weights).tolist()
            if len(weights) != n_layers:
                raise ValueError(f"The mix is for {len(weights)} layers; the model has {n_layers}.")
            return tuple(weights)
        if self.layer is None:
            return (1 / n_layers,) * n_layers
        if not -n_layers <= self.layer < n_layers:
            raise ValueError(f"layer is {self.layer}; the model has {n_layers}, counted from 0.")
        return tuple(float(number == self.layer % n_layers) for number in range(n_layers))

    def _tokenized(self, texts: Iterable[str]) -> list[tuple[str, ...]]:
        if isinstance(texts, str):
            raise TypeError(f"X is one string, {texts!r:.40}: give a list of texts.")
        if hasattr(texts, "columns"):
            raise TypeError('X is a table: give one of its columns, as table["text"].')
        found = []
        for number, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(
                    f"Text {number} is {type(text).__name__}, not a string: {text!r:.40}"
                )
            words = (self.tokenizer or _words)(text)
            if isinstance(words, str):
                raise TypeError(f"The tokeniser gave a string, {words!r:.40}, not a list of words.")
            found.append(tuple(words))
            if not found[-1]:
                raise ValueError(
                    f"Text {number} has no word: {text!r:.40}. Leave it out, and its label too."
                )
        if not found:
            raise ValueError("X is empty: give at least one text.")
        return found

    def _vectors(self) -> Cache:
        """Return the cache of vectors."""
        if not hasattr(self, "_known"):
            self._known = Cache(self.cache)
        return self._known

    @property
    def _n_features_out(self) -> int:
        """The number of features, for ``get_feature_names_out``."""
        return self.vector_size_


def _words(text: str) -> list[str]:
    return tokenize(text, lower=False, punctuation=True)


def _loaded(model: str | Elmo) -> Elmo:
    if isinstance(model, Elmo):
        return model
    if not isinstance(model, str):
        raise TypeError(f"model is {type(model).__name__}; give an Elmo or a name.")
    return _named(model)


@lru_cache(maxsize=1)
def _named(name: str) -> Elmo:
    """Load a model by name; the last one is cached."""
    return Elmo.course_model() if name == "course" else Elmo.official(name)
