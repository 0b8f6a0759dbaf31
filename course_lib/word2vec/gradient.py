"""Epochs by autograd: the model as a formula, on any device, a batch a step."""

from __future__ import annotations

import math

import numpy as np
import torch
from tqdm import tqdm

from course_lib.text import EncodedCorpus
from course_lib.word2vec.batches import BLOCK, batches, subsample
from course_lib.word2vec.compiled import Epoch
from course_lib.word2vec.model import Word2Vec
from course_lib.word2vec.options import Options

LARGEST_BATCH = 1024  # centres in one step


def by_autograd(
    model: Word2Vec,
    text: EncodedCorpus,
    keep: np.ndarray,
    noise: np.ndarray,
    options: Options,
    bar: tqdm,
) -> Epoch:
    """Return what trains a model where it stands; arguments as in :func:`by_kernel`."""
    tables, device = list(model.parameters()), model.input.weight.device
    chances = torch.tensor(noise, dtype=torch.float32, device=device)
    kept_counts = np.bincount(text.ids, minlength=len(keep)) * keep
    size = options.batch_size or _batch_size(kept_counts, options)

    def epoch(number: int, fall: tuple[float, float]) -> tuple[float, float]:
        kept = subsample(text, keep, np.random.default_rng((options.seed, number)))
        generator = torch.Generator(device).manual_seed(options.seed * 1_000_003 + number)
        words = [torch.from_numpy(part).to(device) for part in kept]
        n_steps = max(1, math.ceil(len(kept[0]) / size))
        looked = [torch.zeros(2, device=device)]
        steps = batches(*words, window=options.window, size=size, generator=generator)
        for n, batch in enumerate(steps):
            if options.loss == "softmax":
                loss = model.softmax_loss(batch)
            else:
                shape = len(batch.centers), BLOCK
                drawn = torch.multinomial(chances, math.prod(shape), True, generator=generator)
                loss = model.negative_loss(batch, drawn.view(shape), options.negative)
            rate = fall[0] + (fall[1] - fall[0]) * n / n_steps
            with torch.no_grad():
                for table, slope in zip(tables, torch.autograd.grad(loss, tables), strict=True):
                    table.sub_(slope, alpha=rate)
            number_of = batch.mask.sum(dim=2)  # contexts of each centre
            if options.architecture == "cbow":
                number_of = number_of > 0
            looked.append(torch.stack([loss.detach(), number_of.sum()]))
            bar.update(len(text.ids) // n_steps)
        total, examples = torch.stack(looked).cpu().double().sum(dim=0).tolist()
        return total, examples

    return epoch


def _batch_size(kept_counts: np.ndarray, options: Options) -> int:
    """Return how many centres a step may hold.

    A step adds up all changes to a row. The row of the most frequent word, a share of the
    kept text, gets (window + 1) · (1 + negative) of them for each centre, each up to
    ``alpha`` long. The limits were found by trial: half of where vectors begin to overshoot.
    """
    limit = {"skipgram": 5.0, "cbow": 10.0}[options.architecture]
    changes = (options.window + 1) * (1 + options.negative)
    if options.loss == "softmax":  # every word answers every time
        limit, changes = 0.5, options.window + 1
    share = kept_counts.max() / kept_counts.sum()
    size = limit / (options.alpha * share * changes)
    return int(min(LARGEST_BATCH, max(BLOCK, size // BLOCK * BLOCK)))
