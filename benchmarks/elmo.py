"""Measure ELMo inference: tokens per second at the official sizes, random weights, real text.

Four ways to the same numbers, in turns, each starting with an empty cache:

- plain: the LSTM step by step, one ``Conv1d`` for each width of filter over a word and all its
  padding; every token through the character CNN;
- fast: one matrix product for the inputs of all steps, short words convolved without padding that
  changes nothing; still every token through the character CNN;
- distinct: fast, and each distinct word of a batch through the character CNN once;
- cached: distinct, and words are kept from batch to batch (the default of ``Elmo``).

The share of the ceiling is the arithmetic that the way itself asks for, divided by its time and
by what a large matrix product reaches in the same run.

    python benchmarks/elmo.py --write
    python benchmarks/elmo.py --only original --threads 1 --more
    python benchmarks/elmo.py --gpu --only original
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

os.environ["COURSE_PROGRESS"] = "0"

import common
import torch

from course_lib import bilm, characters, charcnn, datasets, elmo

TOKENS = {"small": 20_000, "original": 2_500}
BATCH = 64
SIZES = {
    "small": {"dim": 1024, "projection_dim": 128, "n_highway": 1},
    "original": {"dim": 4096, "projection_dim": 512, "n_highway": 2},
}
WAYS = ("plain", "fast", "distinct", "cached")


def model_of(size: str) -> bilm.BiLM:
    """Return a model of an official size with random weights."""
    given = SIZES[size]
    torch.manual_seed(0)
    cnn = charcnn.CharCNNOptions(
        n_highway=given["n_highway"], projection_dim=given["projection_dim"]
    )
    return bilm.BiLM(
        bilm.BiLMOptions(cnn, dim=given["dim"], projection_dim=given["projection_dim"])
    ).eval()


def batches_of_text(size: str) -> list[list[list[str]]]:
    """Return real sentences in the order of the text."""
    sentences = [s for s in datasets.load_corpus("wikipedia", as_written=True) if len(s) <= 100]
    chosen, total = [], 0
    for sentence in sentences:
        chosen.append(sentence)
        total += len(sentence)
        if total >= TOKENS[size]:
            break
    return [chosen[i : i + BATCH] for i in range(0, len(chosen), BATCH)]


def convolved_one_by_one(cnn: charcnn.CharCNN, ids: torch.Tensor) -> torch.Tensor:
    """Return word vectors, (words, P), as the paper has them: convolve, maximum, highway."""
    given = cnn.embedding(ids).mT  # (words, d, width)
    strongest = torch.cat([convolve(given).amax(2) for convolve in cnn.convolutions], 1)
    return cnn.projection(cnn.highway(torch.relu(strongest)))


def every_token(model: bilm.BiLM, batch: list[list[str]]) -> torch.Tensor:
    """Return all layers; each token, also a repeated one, goes through the character CNN."""
    ids = torch.from_numpy(characters.batch_to_ids(batch))
    mask, cnn = ids.any(2), model.characters
    encode = cnn if model.way == "fast" else partial(convolved_one_by_one, cnn)
    tokens = ids[mask].to(cnn.projection.weight.device)
    vectors = torch.cat([encode(part) for part in tokens.split(1024)])
    rows = torch.full(mask.shape, -1).masked_scatter(mask, torch.arange(len(tokens)))
    layers = model(bilm.Words(vectors, rows.to(vectors.device))).layers
    words = mask[:, 2:].unsqueeze(2)  # the end mark of a shorter sentence is no word
    return layers[:, :, 1:-1] * words.to(layers.device)


def runner(way: str, model: bilm.BiLM) -> Callable[[list[list[str]]], torch.Tensor]:
    """Return the function that embeds a batch in one way, with an empty cache."""
    model.way = "cell" if way == "plain" else "fast"
    if way in ("plain", "fast"):
        return partial(every_token, model)
    device = model.forward_layers[0].bias.device
    embedder = elmo.Elmo(model, device=device, cache=0 if way == "distinct" else 20_000)
    return lambda batch: embedder.embed(batch).layers


def operations(model: bilm.BiLM, tokens: int, words: int) -> float:
    """Return how many additions and multiplications a way asks for: tokens read, words encoded."""
    options = model.options
    cnn = options.characters
    filters = sum(number for _, number in cnn.filters)
    window = (
        sum((cnn.width - width + 1) * width * number for width, number in cnn.filters)
        * cnn.vector_size
    )
    word = window + cnn.n_highway * 2 * filters**2 + filters * options.projection_dim
    cell = 4 * options.dim * 2 * options.projection_dim + options.dim * options.projection_dim
    return 2.0 * (words * word + tokens * 2 * options.n_layers * cell)


def measured(
    size: str,
    rounds: int,
    device: torch.device,
    threads: tuple[int, ...],
    earlier: Sequence[dict] = (),
) -> list[dict]:
    """Time the four ways in turns, until there are so many rounds, earlier ones included."""
    batches = batches_of_text(size)
    tokens = sum(len(sentence) for batch in batches for sentence in batch)
    read = tokens + 2 * sum(map(len, batches))  # with the marks
    distinct = sum(len({word for sentence in batch for word in sentence}) for batch in batches)
    types = len({word for batch in batches for sentence in batch for word in sentence})
    encoded = {"plain": read, "fast": read, "distinct": distinct + 2, "cached": types + 2}
    model = model_of(size).to(device)
    rows = list(earlier)
    with torch.inference_mode():
        first = [runner(way, model)(batches[-1][:4]) for way in WAYS]
        for other in first[1:]:  # they must agree before they are compared
            torch.testing.assert_close(other, first[0], rtol=0, atol=2e-5)
        kinds = ["float32"] if device.type == "cpu" else ["float32", "TF32"]
        for number in range(1 + max((row["round"] for row in rows), default=-1), rounds):
            for n, kind in product(threads, kinds):
                if device.type == "cpu":
                    torch.set_num_threads(n)
                torch.set_float32_matmul_precision("highest" if kind == "float32" else "high")
                top = common.ceiling(device)
                for way in WAYS:
                    embed = runner(way, model)
                    start = common.clock(device)
                    for batch in batches:
                        embed(batch)
                    seconds = common.clock(device) - start
                    row = {
                        "round": number,
                        "threads": n,
                        "kind": kind,
                        "way": way,
                        "tokens_per_second": tokens / seconds,
                        "share_of_ceiling": operations(model, read, encoded[way]) / seconds / top,
                    }
                    common.tell(rows, row)
    return rows


def memory(size: str) -> list[dict]:
    """Measure the peak memory of each way in a process of its own, in MB."""
    rows: list[dict] = []
    for way in WAYS:
        found = common.in_own_process(__file__, "--memory", size, way)
        common.tell(rows, {"size": size, "way": way, "peak_mb": found})
    return rows


def table(result: dict[str, Any]) -> str:
    """Return the table in Markdown."""
    lines = [
        "| size | threads | numbers | way | tokens/s | ratio to plain (each round) | share of "
        "ceiling |",
        "|---|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        rows = result.get(size, [])
        for n, kind in sorted({(row["threads"], row["kind"]) for row in rows}):
            by_way = {
                way: [
                    row
                    for row in rows
                    if (row["threads"], row["kind"], row["way"]) == (n, kind, way)
                ]
                for way in WAYS
            }
            plain = [row["tokens_per_second"] for row in by_way["plain"]]
            for way, found in by_way.items():
                speed = [row["tokens_per_second"] for row in found]
                each = [a / b for a, b in zip(speed, plain, strict=True)]
                share = statistics.median(row["share_of_ceiling"] for row in found)
                ratio = statistics.median(speed) / statistics.median(plain)
                listed = ", ".join(f"{value:.2f}" for value in each)
                lines.append(
                    f"| {size} | {n} | {kind} | {way} | {statistics.median(speed):,.0f} "
                    f"| **{ratio:.2f}** ({listed}) | {share:.0%} |"
                )
    peaks = ", ".join(
        f"{row['size']} {row['way']} {row['peak_mb']:.0f}" for row in result.get("memory", [])
    )
    return "\n".join(lines) + (
        f"\n\n{result['tokens']['small']:,} tokens of the embedded Wikipedia text (original: "
        f"{result['tokens']['original']:,}), batches of {BATCH} "
        "sentences in the order of the text, random weights, cache empty at the start of each "
        "round. Peak "
        f"memory above the start, MB: {peaks}. "
        f"Machine: {common.machines(result)}."
    )


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["--memory"]:
        size, way = sys.argv[2:4]
        model, batches = model_of(size), batches_of_text(size)[-8:]

        def run() -> None:
            with torch.inference_mode():
                embed = runner(way, model)
                for batch in batches:
                    embed(batch)

        print(common.peak_memory(run))
        return
    parser = common.parser(__doc__, (*SIZES, "memory"))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--more", action="store_true", help="keep the rounds that are stored")
    options = parser.parse_args()
    kept = common.stored(common.json_file("elmo", options)) if options.more else {}
    device = torch.device("cuda" if options.gpu else "cpu")
    threads = (1,) if options.gpu else tuple(options.threads)
    about = {
        "machine": common.machine(gpu=options.gpu),
        "tokens": {
            size: sum(len(sentence) for batch in batches_of_text(size) for sentence in batch)
            for size in SIZES
        },
    }
    parts: common.Parts = {
        size: partial(measured, size, options.rounds, device, threads, kept.get(size, ()))
        for size in SIZES
    }
    if not options.gpu:
        parts["memory"] = lambda: memory("small")
    common.measure("elmo", options, about, parts, table)


if __name__ == "__main__":
    main()
