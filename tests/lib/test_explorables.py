"""The explorables in a real browser: their numbers are the library's, and anybody can move them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import normalize

from course_lib import counts, hangul, plots, text
from course_lib.bilm import BiLM, BiLMOptions
from course_lib.bilm.model import Words
from course_lib.charcnn import CharCNNOptions
from course_lib.elmo import ScalarMix
from course_lib.explain import explorable
from course_lib.fasttext.subwords import Subwords
from course_lib.fasttext.vectors import FastTextVectors
from course_lib.glove.adagrad import adagrad_steps
from course_lib.glove.entries import weight
from course_lib.glove.model import GloVe
from course_lib.vectors import WordVectors
from course_lib.word2vec.batches import Batch
from course_lib.word2vec.model import Word2Vec
from course_tools import browser

if browser.chromium() is None:
    pytest.skip("no Chromium: see docs/maintenance.md", allow_module_level=True)
pytest.importorskip("playwright", reason="the extra browser is not installed: make browser")

MOUNT = """
async ([code, state]) => {
  const blob = new Blob([code], { type: "text/javascript" });
  window.explored = await import(URL.createObjectURL(blob));
  window.explored.mount(document.querySelector("main"), state);
}
"""
STATES: dict[str, dict[str, Any]] = {
    "counts": {
        "words": ["ice", "steam"],
        "probes": ["solid", "gas", "water", "fashion"],
        "X": [[19, 7, 300, 2], [2, 78, 220, 2]],
        "word": [[0.1, -0.2, 0.0], [-0.1, 0.3, 0.1]],
        "context": [[0.2, 0.1, 0.0], [-0.2, 0.2, 0.0], [0.1, 0.1, 0.1], [0.0, -0.1, 0.2]],
        "x_max": 100,
        "exponent": 0.75,
        "alpha": 0.05,
    },
    "window": {
        "sentence": "The fat cat sat on the mat.",
        "window": 2,
        "center": 2,
        "way": "cbow",
    },
    "dense": {
        "words": ["cat", "dog", "moon", "sun"],
        "W": [[0.9, 0.1, -0.3], [0.8, 0.3, -0.1], [-0.2, 1.0, 0.6], [-0.1, 0.7, 0.9]],
        "first": 0,
        "second": 1,
    },
    "pull": {
        "words": ["cat", "dog", "sat", "moon"],
        "W": [[0.5, 0.2], [-0.4, 0.9], [1.1, -0.7], [-1.2, -0.3]],
        "W_out": [[-0.6, 0.4], [0.3, 0.8], [0.9, 0.6], [-0.2, -1.1]],
        "counts": [40, 30, 100, 3],
        "pairs": [[0, 2], [1, 2], [2, 0], [3, 1]],
        "k": 3,
        "alpha": 0.2,
        "power": 0.75,
        "sample": 0.0,
        "seed": 1,
    },
}


def reader() -> BiLM:
    """Return a biLM of random weights, in float64."""
    torch.manual_seed(3)
    options = BiLMOptions(CharCNNOptions(projection_dim=3), 4, 3, 2, cell_clip=0.4, proj_clip=0.3)
    model = BiLM(options, way="cell").double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


def weights_of(model: BiLM) -> list[list[dict[str, Any]]]:
    names = {"W": "input_weight", "U": "state_weight", "b": "bias", "V": "projection"}
    pairs = zip(model.forward_layers, model.backward_layers, strict=True)
    return [
        [{k: getattr(layer, name).tolist() for k, name in names.items()} for layer in pair]
        for pair in pairs
    ]


SENSES = ["money"] * 4 + ["river"] * 5
LAYERS = np.random.default_rng(5).normal(size=(3, 9, 6)) + np.eye(3, 6)[:, None] * 2
LAYERS[1:, :4] += 1.5
STATES["mix"] = {
    "sets": {
        "bank": {
            "tokens": [f"we saw the bank number {n} there".split() for n in range(9)],
            "position": [3] * 9,
            "sense": SENSES,
            "layers": explorable.packed(LAYERS),
        },
        "play": {
            "tokens": [["a", "play"], ["they", "play"], ["to", "play"]],
            "position": [1, 1, 1],
            "sense": ["drama", "game", "game"],
            "layers": explorable.packed(LAYERS[:, :3]),
        },
    },
    "word": "bank",
    "scores": [0, 0, 0],
    "gamma": 1,
}
MAPPED = np.random.default_rng(9).normal(size=(40, 8))
STATES["map"] = {
    "words": [f"w{n}" for n in range(40)],
    "vectors": explorable.packed(MAPPED),
    "places": np.round(MAPPED[:, :2], 3).tolist(),
    "groups": [n % 12 for n in range(40)],
    "names": [f"group {n}" for n in range(12)],
    "landmarks": ["w1", "w5"],
    "chosen": "w3",
    "k": 5,
}
KNOWN = ["cat", "cats", "dog", "영화", "화가"]
ROWS, BUCKETS = np.random.default_rng(2).normal(size=(5, 4)), np.eye(7, 4) + 0.1
STATES["pieces"] = {
    "words": KNOWN,
    "vectors": explorable.packed(ROWS),
    "buckets": explorable.packed(BUCKETS),
    "min_n": 3,
    "max_n": 6,
    "typed": "catz",
}
STATES["lstm"] = {
    "words": ["the", "bank", "of", "a", "river"],
    "layers": weights_of(reader()),
    "inputs": torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).double().tolist(),
    "cell_clip": 0.4,
    "proj_clip": 0.3,
    "at": 1,
    "read": 5,
    "way": "bilm",
}
NAMES = sorted(path.stem for path in explorable.FOLDER.glob("*.js") if path.stem != "shared")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.launched() as running:
        yield running


class Tab:
    """A page with one explorable, the network cut; it notes what goes wrong."""

    def __init__(self, page: Any) -> None:
        self.page, self.wrong = page, []
        page.route("**/*", self._refuse)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else 0)
        page.set_content("<!doctype html><html lang=en><title>t</title><body><main></main>")

    def _refuse(self, route: Any) -> None:
        self.wrong.append(f"asks for {route.request.url}")
        route.abort()

    def mount(self, name: str, **changes: Any) -> Tab:
        self.page.evaluate(MOUNT, [explorable.module(name), {**STATES[name], **changes}])
        return self

    def call(self, function: str, *arguments: Any) -> Any:
        return self.page.evaluate(
            f"arguments => window.explored.{function}(...arguments)", list(arguments)
        )

    def shown(self) -> Any:
        return self.page.evaluate("document.querySelector('.explorable').explorable.numbers")

    def state(self) -> Any:
        return self.page.evaluate("document.querySelector('.explorable').explorable.state")

    def said(self) -> str:
        return self.page.get_by_role("status").inner_text()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Tab]:
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    opened = Tab(page)
    yield opened
    page.close()
    assert not opened.wrong


def same(found: Any, expected: Any) -> None:
    """Hold numbers of the page to those of the library, to 1e-6."""
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=0, atol=1e-6)


def test_every_explorable_is_tried_here():
    assert sorted(STATES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_one_small_module(name):
    source = (explorable.FOLDER / f"{name}.js").read_text(encoding="utf-8")
    assert source.count("\n") <= 300
    assert "innerHTML" not in source and "fetch(" not in source and "http" not in source
    assert "import " not in re.sub("(?m)^//.*", "", explorable.module(name))


@pytest.mark.parametrize("name", NAMES)
def test_reset_and_words_for_what_is_seen(tab, name):
    first = tab.mount(name).shown()
    said = tab.said()
    assert len(said) > 20
    sliders = tab.page.get_by_role("slider").all()
    for one in sliders:
        one.focus()
        tab.page.keyboard.press("ArrowRight")
    for one in tab.page.get_by_role("textbox").all():
        one.fill("dog")
    for one in tab.page.get_by_role("button").all()[:-1]:
        if one.is_visible():
            one.click()
    changed = json.dumps(tab.state()) != json.dumps(STATES[name])
    assert changed
    tab.page.get_by_role("button", name="Reset").click()
    assert tab.shown() == first and tab.said() == said


@pytest.mark.parametrize("name", NAMES)
def test_every_control_has_a_name_and_is_reached_by_the_keyboard(tab, name):
    tab.mount(name)
    wanted = tab.page.evaluate(
        "[...document.querySelectorAll('input, button, select, [tabindex]')]"
        ".filter((one) => !one.disabled && one.checkVisibility()).length"
    )
    seen = []
    for _ in range(wanted):
        tab.page.keyboard.press("Tab")
        seen.append(
            tab.page.evaluate(
                """() => { const one = document.activeElement;
                return one.getAttribute("aria-label") || one.labels?.[0]?.textContent
                  || one.textContent; }"""
            )
        )
    assert len(seen) == wanted and all(label and label.strip() for label in seen)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(tab, name, theme):
    """Every text has a contrast of 4.5 to the paper (WCAG 2.2, 1.4.3)."""
    tab.page.emulate_media(color_scheme=theme)
    tab.mount(name)
    pairs = tab.page.evaluate(
        """() => { const style = getComputedStyle(document.querySelector(".explorable"));
        const value = (name) => style.getPropertyValue(name).trim();
        return ["--ink", "--faint", "--a", "--b", "--c", "--d"].map((name) =>
          [name, value(name), value("--paper")]); }"""
    )
    for label, ink, paper in pairs:
        assert _contrast(ink, paper) >= 4.5, (theme, label)


def _contrast(one: str, other: str) -> float:
    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_screen_needs_no_scrolling_sideways(tab, name):
    tab.page.set_viewport_size({"width": 360, "height": 800})
    tab.mount(name)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", NAMES)
def test_no_word_of_a_table_or_a_label_is_broken_on_a_narrow_screen(tab, name):
    tab.page.set_viewport_size({"width": 360, "height": 800})
    tab.mount(name)
    broken = """() => { const found = [], range = document.createRange();
      for (const one of document.querySelectorAll(".explorable :is(th, td, label)")) {
        const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
        for (let text = walk.nextNode(); text; text = walk.nextNode()) {
          for (const part of text.data.matchAll(/[\\p{L}\\p{N}.]+/gu)) {
            range.setStart(text, part.index);
            range.setEnd(text, part.index + part[0].length);
            if (range.getClientRects().length > 1) found.push(part[0]);
          }
        }
      }
      return found; }"""
    assert tab.page.evaluate(broken) == []


def test_a_figure_carries_the_state_and_a_widget_where_someone_is_there(monkeypatch):
    shown: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda data, **more: shown.append(data))
    live = explorable.Explorable("window", sentence="a <b> c", window=2)
    for progress in ("0", "1"):
        monkeypatch.setenv("COURSE_PROGRESS", progress)
        plots.show(plots.figure()[0], alt="A window.", live=live)
    stored, running = shown
    assert stored["text/plain"] == running["text/plain"] == "A window."
    assert set(stored) == {"image/png", "text/plain", explorable.MIME}
    assert stored[explorable.MIME]["name"] == "window"
    assert stored[explorable.MIME]["state"] == {"sentence": "a <b> c", "window": 2}
    assert set(running) - set(stored) == {"application/vnd.jupyter.widget-view+json"}


@pytest.mark.parametrize(
    ("name", "state"), [("shared", {}), ("windows", {}), ("window", {"n": np.nan})]
)
def test_what_cannot_be_shown_is_refused(name, state):
    with pytest.raises(ValueError):
        explorable.Explorable(name, **state)


# ---- window

SENTENCES = [
    "The fat cat sat on the mat.",
    "Don't stop: a well-known cat's paw, 3.14 times!",
    "나는 오늘 영화를 봤다.",
    "Ünïted CAFE\u0301 naïve — the\u00a0end",
    "one",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("window", [1, 2, 5])
def test_window_gives_the_pairs_of_the_library(tab, sentence, window):
    tab.mount("window")
    words = text.tokenize(sentence)
    now = tab.call("numbers", {"sentence": sentence, "window": window, "center": 0})
    assert now["words"] == words
    assert [(c, a) for c, a in now["windows"]] == text.context_windows(words, window)
    assert [tuple(pair) for pair in now["pairs"]] == text.skipgram_pairs(words, window)


def test_the_window_is_dragged_and_moved_by_keys(tab):
    tab.mount("window")
    handle = tab.page.get_by_role("slider", name="centre of the window")
    handle.focus()
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowRight")
    assert tab.state()["center"] == 4
    first = tab.page.locator("[data-middle='0']").bounding_box()
    last = tab.page.locator("[data-middle='6']").bounding_box()
    tab.page.mouse.move(first["x"] + 5, first["y"] + 5)
    tab.page.mouse.down()
    assert tab.state()["center"] == 0
    tab.page.mouse.move(last["x"] + 5, last["y"] + 5, steps=8)
    tab.page.mouse.up()
    assert tab.state()["center"] == 6
    assert "mat" in tab.said() and "on, the" in tab.said()


# ---- pull


@pytest.mark.parametrize("negatives", [[], [3], [1, 3, 3, 0]])
def test_a_step_is_that_of_the_librarys_loss(tab, negatives):
    state = STATES["pull"]
    model = Word2Vec(4, 2).double()
    with torch.no_grad():
        model.input.weight.copy_(torch.tensor(state["W"], dtype=torch.float64))
        model.output.weight.copy_(torch.tensor(state["W_out"], dtype=torch.float64))
    batch = Batch(torch.tensor([[0]]), torch.tensor([[2]]), torch.ones(1, 1, 1).double())
    drawn = torch.tensor([negatives], dtype=torch.int64)
    if negatives:
        loss = model.negative_loss(batch, drawn, len(negatives))
    else:
        loss = -torch.nn.functional.logsigmoid(model.input.weight[0] @ model.output.weight[2])
    tables = list(model.parameters())
    slopes = torch.autograd.grad(loss, tables)
    expected = [(t - 0.3 * slope).detach().numpy() for t, slope in zip(tables, slopes, strict=True)]
    tab.mount("pull")
    same(tab.call("loss", state["W"], state["W_out"], [0, 2], negatives), loss.item())
    found = tab.call("update", state["W"], state["W_out"], [0, 2], negatives, 0.3)
    for table, wanted in zip(found, expected, strict=True):
        same(table, wanted)


@pytest.mark.parametrize("power", [0.0, 0.75, 1.0])
@pytest.mark.parametrize("sample", [0.0, 1e-3, 0.1])
def test_noise_and_sub_sampling_are_those_of_the_library(tab, power, sample):
    seen = np.array([4000, 30, 100, 3])
    tab.mount("pull")
    state = {**STATES["pull"], "counts": seen.tolist(), "power": power, "sample": sample}
    now = tab.call("numbers", state)
    same(now["noise"], text.noise_distribution(seen, power))
    same(now["keep"], text.keep_probability(seen, sample))
    for share in (0.01, 0.2, 1.0) if sample else ():  # of the curve
        count = int(1000 * share)
        wanted = text.keep_probability(np.array([count, 1000 - count]), sample)[0]
        same(tab.call("keepOf", share, sample), wanted)


def test_words_of_one_count_share_a_label(tab):
    tab.mount("pull", **explorable.Explorable("pull").state)
    texts = tab.page.locator("svg", has=tab.page.locator("polyline")).locator("text")
    assert {"cat, dog, ship, boat", "eats, sails"} <= set(texts.all_text_contents())


def test_the_curve_of_sub_sampling_falls_and_carries_the_words(tab):
    tab.mount("pull", sample=0.05)
    svg = tab.page.locator("svg", has=tab.page.locator("polyline"))
    heights = [
        float(pair.split(",")[1])
        for pair in svg.locator("polyline").get_attribute("points").split()
    ]
    assert heights == sorted(heights) and heights[-1] > heights[0] + 50  # down the page
    assert svg.locator("circle").count() == len(STATES["pull"]["words"])
    assert "Chance to be kept" in svg.get_attribute("aria-label")


def test_the_play_button_says_what_it_does_next(tab):
    tab.mount("pull", sample=1e-9)  # hardly a pair is kept: the steps end by themselves
    play = tab.page.get_by_role("button", name="Play")
    play.click()
    tab.page.get_by_role("button", name="Play").wait_for()
    tab.mount("pull")
    tab.page.get_by_role("button", name="Play").click()
    tab.page.get_by_role("button", name="Pause").click()
    assert tab.page.get_by_role("button", name="Play").is_visible()


def test_steps_lower_the_loss_and_a_word_can_be_dragged(tab):
    tab.mount("pull")
    handle = tab.page.get_by_label(re.compile("^cat as centre"))
    box = handle.bounding_box()
    before = tab.state()["W"][0]
    tab.page.mouse.move(box["x"] + 16, box["y"] + 16)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 80, box["y"] + 40, steps=4)
    tab.page.mouse.up()
    assert tab.state()["W"][0] != before
    handle.focus()
    before = tab.state()["W"][0]
    tab.page.keyboard.press("ArrowUp")
    same(tab.state()["W"][0], [before[0], before[1] + 0.05])
    first = tab.shown()["loss"]
    tab.page.get_by_role("button", name="One step").click()
    assert "pulled together" in tab.said()
    tab.page.get_by_role("button", name="100 steps").click()
    assert tab.shown()["loss"] < first


def test_a_noise_word_is_drawn_by_its_chance(tab):
    tab.mount("pull")
    chances = [0.1, 0.0, 0.6, 0.3]
    places = [0.0, 0.0999, 0.1001, 0.69, 0.7001, 0.9999]
    found = [tab.call("drawFrom", chances, place) for place in places]
    assert found == np.searchsorted(np.cumsum(chances), places, side="right").tolist()


# ---- dense


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 0), (3, 3)])
def test_one_hot_times_the_table_is_the_row_of_the_library(tab, first, second):
    state = {**STATES["dense"], "first": first, "second": second}
    vectors = WordVectors(state["words"], np.array(state["W"], np.float32))
    now = tab.mount("dense").call("numbers", state)
    one = counts.one_hot([first, second], len(state["words"]))
    same([now["one"], now["other"]], one)
    same(now["x"], one[0] @ np.array(state["W"]))
    unit = vectors.normalized()
    same(now["dense"], unit[first] @ unit[second])
    assert now["sparse"] == float(first == second)


def test_the_words_are_chosen_by_buttons(tab):
    tab.mount("dense")
    tab.page.get_by_role("group", name="the word").get_by_role("button", name="moon").click()
    assert tab.state()["first"] == 2 and tab.said().startswith("moon is row 2")


def test_the_words_of_the_lesson_stand_whole_beside_their_rows(tab):
    state = explorable.Explorable("dense").state
    assert not any(word.startswith("word") for word in state["words"])
    tab.mount("dense", **state)
    cut = """() => { const svg = document.querySelector(".wide svg");
      const left = svg.getBoundingClientRect().left;
      return [...svg.querySelectorAll("text")].filter((one) =>
        one.getBoundingClientRect().left < left).map((one) => one.textContent); }"""
    assert tab.page.evaluate(cut) == []


# ---- counts


def test_the_loss_and_a_step_are_those_of_the_librarys_glove(tab):
    state = {**STATES["counts"], "X": [[19, 0, 300, 2], [2, 78, 220, 0.5]]}
    tab.mount("counts")
    now = tab.call("numbers", state)
    X = np.array(state["X"], float)
    P = X / X.sum(axis=1, keepdims=True)
    same(now["P"], P)
    same(now["weights"], weight(X, x_max=100, exponent=0.75))
    rows, columns = X.nonzero()
    entries = rows, columns, np.log(X[rows, columns]), weight(X[rows, columns])
    model = GloVe(1, 2).double()
    tables = [np.array(state[name], float) for name in ("word", "context")]
    model.word, model.context = (torch.nn.Parameter(torch.from_numpy(t.copy())) for t in tables)
    same(now["loss"], model.loss(*map(torch.from_numpy, entries)).item())
    squares = [np.ones_like(table) for table in tables]
    found = tab.call(
        "adagradSteps",
        *(table.tolist() for table in tables),
        *(square.tolist() for square in squares),
        tab.call("entries", state),
        0.05,
    )
    adagrad_steps(*tables, *squares, *entries, 0.05)
    for table, expected in zip(found, (*tables, *squares), strict=True):
        same(table, expected)


def test_epochs_lower_the_loss_and_counts_can_be_typed(tab):
    first = tab.mount("counts").shown()["loss"]
    tab.page.get_by_role("button", name="50 epochs").click()
    assert tab.shown()["loss"] < first / 2
    assert "solid" in tab.said() or "gas" in tab.said()
    tab.page.get_by_label("ice with fashion").fill("500")
    assert tab.shown()["ratios"][3] > 50 and "fashion" in tab.said()
    tab.page.get_by_label("ice with fashion").fill("")
    assert tab.state()["X"][0][3] == 500


# ---- lstm


def test_the_layers_are_those_of_the_librarys_bilm(tab):
    state = STATES["lstm"]
    vectors = torch.tensor(state["inputs"], dtype=torch.float64)
    rows = torch.arange(5)
    expected, _ = reader().read(Words(vectors, torch.stack([rows, rows.flip(0)]).unsqueeze(1)))
    found = tab.mount("lstm").call("outputs", state)
    for layer, given in zip(expected, found, strict=True):
        same(given[0], layer[0, :, 0].detach())
        same(given[1], layer[0, :, 1].flip(0).detach())
    assert any(abs(value) == 0.3 for row in found[0][0] for value in row)  # the clips were at work


@pytest.mark.parametrize("way", ["bilm", "birnn"])
def test_what_a_state_knows_is_what_its_gradient_reaches(tab, way):
    model, size = reader(), 5
    vectors = torch.randn(size, 3, dtype=torch.float64, requires_grad=True)

    def run(number: int, given: list[torch.Tensor]) -> list[torch.Tensor]:
        zero = torch.zeros(1, 3).double(), torch.zeros(1, 4).double()
        forward = model.forward_layers[number](given[0], [1] * size, zero)[0]
        backward = model.backward_layers[number](given[1].flip(0), [1] * size, zero)[0].flip(0)
        return [forward, backward]

    for layer in (*model.forward_layers, *model.backward_layers):
        layer.cell_clip = layer.proj_clip = 0.0  # a clipped number has no gradient
    first = run(0, [vectors, vectors])
    second = run(1, first if way == "bilm" else [(first[0] + first[1]) / 2] * 2)
    known = tab.mount("lstm").call("known", size, way)
    for layer, outputs in enumerate((first, second)):
        for direction, output in enumerate(outputs):
            for t in range(size):
                (slope,) = torch.autograd.grad(output[t].sum(), vectors, retain_graph=True)
                reached = slope.abs().sum(dim=1).nonzero().flatten().tolist()
                assert known[layer][direction][t] == reached


def test_a_birnn_leaks_and_a_bilm_does_not(tab):
    tab.mount("lstm")
    assert not tab.shown()["leaks"] and "neither has read it" in tab.said()
    tab.page.get_by_role("button", name="biRNN: directions mixed").click()
    assert tab.shown()["leaks"] and tab.said().startswith("Leak")
    state = tab.page.get_by_role("button", name=re.compile("^layer 1 →, after of"))
    state.focus()
    tab.page.keyboard.press("Enter")
    assert tab.said().startswith("This state (layer 1, forward) knows: the bank of.")


# ---- mix


@pytest.mark.parametrize(("scores", "gamma"), [([0, 0, 0], 1.0), ([-1.0, 2.5, 0.3], 0.7)])
def test_the_mix_its_map_and_its_silhouette_are_those_of_the_libraries(tab, scores, gamma):
    state = {**STATES["mix"], "scores": scores, "gamma": gamma}
    given = state["sets"]["bank"]["layers"]
    whole = np.frombuffer(base64.b64decode(given["data"]), np.int8).astype(float) * given["scale"]
    layers = whole.reshape(given["shape"])
    assert np.abs(layers - LAYERS).max() <= given["scale"] / 2 + 1e-12
    mix = ScalarMix(3).double()
    with torch.no_grad():
        mix.scores.copy_(torch.tensor(scores))
        mix.gamma.fill_(gamma)
        points = mix(torch.from_numpy(layers)[:, :, None])[:, 0].numpy()
    now = tab.mount("mix").call("numbers", state)
    same(now["weights"], mix.weights.detach())
    same(tab.call("mixed", layers.tolist(), now["weights"], gamma), points)
    same(now["silhouette"], silhouette_score(points, SENSES, metric="cosine"))
    alone = [silhouette_score(layer, SENSES, metric="cosine") for layer in layers]
    same(now["alone"], alone)
    same(now["places"], PCA(2, svd_solver="full").fit_transform(normalize(points)))


@pytest.mark.parametrize("values", [np.zeros((2, 3)), np.array([[1e-30, -2e-30]])])
def test_any_finite_numbers_can_be_packed(values):
    given = explorable.packed(values)
    assert np.abs(unpacked(given) - values).max() <= np.abs(values).max() / 254 * (1 + 1e-9)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_others_are_refused_with_the_state(wrong):
    with np.errstate(all="ignore"):
        layers = explorable.packed(np.array([1.0, wrong]))
    with pytest.raises(ValueError):
        explorable.Explorable("mix", layers=layers)


def test_gamma_moves_nothing_and_a_point_tells_its_sentence(tab):
    first = tab.mount("mix").shown()["silhouette"]
    tab.page.get_by_label("γ").fill("3")
    same(tab.shown()["silhouette"], first)
    tab.page.get_by_label("layer 1").fill("4")
    assert tab.shown()["weights"][1] > 0.9
    tab.page.get_by_role("button", name="money: we saw the bank number 2").click()
    assert tab.said().startswith("money: we saw the bank number 2 there.")


# ---- map


@pytest.mark.parametrize("k", [1, 5, 20])
def test_neighbors_are_those_of_the_library(tab, k):
    state = {**STATES["map"], "k": k}
    given = state["vectors"]
    whole = np.frombuffer(base64.b64decode(given["data"]), np.int8) * given["scale"]
    vectors = WordVectors(state["words"], whole.reshape(40, 8).astype(np.float32))
    tab.mount("map")
    for word in ("w3", "w0", "w39"):
        now = tab.call("numbers", {**state, "chosen": word})
        expected = vectors.nearest(word, k)
        assert [state["words"][n] for n, _ in now["near"]] == [name for name, _ in expected]
        same([cosine for _, cosine in now["near"]], [cosine for _, cosine in expected])
        apart = np.linalg.norm(np.array(state["places"]) - state["places"][now["row"]], axis=1)
        on_map = [n for n in np.argsort(apart, kind="stable") if n != now["row"]][:k]
        assert now["onMap"] == on_map
        assert now["kept"] == len({n for n, _ in now["near"]} & set(on_map))


def test_a_word_is_searched_clicked_and_missed(tab):
    tab.mount("map")
    tab.page.get_by_label("search a word").fill("w7")
    assert tab.state()["chosen"] == "w7" and tab.said().startswith("Nearest to w7")
    x, y = tab.page.evaluate("document.querySelector('.explorable').explorable.map.at('w11')")
    tab.page.mouse.click(x, y)
    assert tab.state()["chosen"] == "w11"
    tab.page.get_by_label("search a word").fill("nobody")
    tab.page.get_by_label("search a word").press("Enter")
    assert tab.said() == "nobody is not among these 40 words."


def test_the_legend_of_the_map_tells_every_group_by_its_own_mark(tab):
    tab.mount("map")
    tab.page.locator(".legend summary").click()
    lines = tab.page.locator(".legend li")
    assert lines.all_inner_texts() == STATES["map"]["names"]
    marks = lines.locator("svg").evaluate_all("(all) => all.map((one) => one.innerHTML)")
    assert len(set(marks)) == len(marks)


# ---- pieces


def unpacked(given: dict[str, Any]) -> np.ndarray:
    whole = np.frombuffer(base64.b64decode(given["data"]), np.int8) * given["scale"]
    return whole.reshape(given["shape"])


@pytest.mark.parametrize("lengths", [(3, 6), (1, 2), (2, 99)])
def test_pieces_buckets_and_vectors_are_those_of_the_library(tab, lengths):
    state = {**STATES["pieces"], "min_n": lengths[0], "max_n": lengths[1]}
    cut = Subwords(*lengths, 7, "jamo")
    tables = (unpacked(state[name]).astype(np.float32) for name in ("vectors", "buckets"))
    vectors = FastTextVectors(KNOWN, next(tables), ngram_matrix=next(tables), subwords=cut)
    tab.mount("pieces")
    for word in ("catz", "cats", "dog", "naïve", "영화", "영화를", "값", "x", "ㅋㅋ", "𝒳-ray"):
        now = tab.call("numbers", {**state, "typed": word})
        assert now["known"] == (word in KNOWN)
        assert now["pieces"] == cut.ngrams(word) and now["places"] == cut.buckets(word)
        if now["vector"] is None:
            assert word not in vectors
            continue
        same(now["vector"], vectors[word])
        expected = vectors.nearest(word, len(now["near"]))
        assert [name for name, _ in now["near"]] == [name for name, _ in expected]
        same([cosine for _, cosine in now["near"]], [cosine for _, cosine in expected])


def test_letters_are_shown_as_they_are_written_alone(tab):
    tab.mount("pieces")
    for word in ("값", "영화", "abc", "많이"):
        letters = hangul.decompose(word)
        assert tab.call("decompose", word) == letters
        assert tab.call("readable", letters) == hangul.readable(letters)
    tab.page.get_by_role("textbox", name="word").fill("")
    assert tab.said() == "No word yet."


# ---- what a newcomer found


def test_no_step_within_the_sliders_leads_out_of_the_plane(tab):
    tab.mount("pull", **explorable.Explorable("pull").state)
    for label in ("negatives k", "learning rate"):
        slider = tab.page.get_by_label(label)
        slider.focus()
        tab.page.keyboard.press("End")
    for _ in range(20):
        tab.page.get_by_role("button", name="100 steps").click()
        places = np.abs([*tab.state()["W"], *tab.state()["W_out"]])
        assert (places <= [3.5 * 1.4, 3.5]).all()


def test_a_state_that_is_not_read_yet_knows_nothing(tab):
    tab.mount("lstm", way="birnn", at=2, read=1)
    assert tab.said().startswith("Read on")
    tab.page.get_by_role("button", name=re.compile("^layer 2 →, after the")).click()
    assert "is not read yet" in tab.said()
    for layer, d, t, expected in [(0, 0, 0, True), (0, 1, 0, False), (1, 0, 0, False)]:
        assert tab.call("reached", tab.state(), layer, d, t) == expected


def test_another_count_begins_the_epochs_anew_and_a_zero_tells_most(tab):
    tab.mount("counts")
    tab.page.get_by_role("button", name="50 epochs").click()
    tab.page.get_by_label("ice with gas").fill("0")
    assert tab.said().startswith("gas tells ice from steam most") and "Epoch 0" in tab.said()
    tab.page.get_by_label("ice with gas").fill("-5")
    tab.page.get_by_label("ice with gas").blur()
    assert tab.page.get_by_label("ice with gas").input_value() == "0"


def test_a_word_that_is_searched_comes_into_view(tab):
    tab.mount("map", **explorable.Explorable("map").state)
    for _ in range(4):
        tab.page.get_by_role("button", name="Closer").click()
    tab.page.get_by_label("search a word").fill("Physics")
    x, y = tab.page.evaluate("document.querySelector('.explorable').explorable.map.at('physics')")
    box = tab.page.locator("canvas").bounding_box()
    assert box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]


@pytest.mark.parametrize("name", ["window", "pieces", "map"])
def test_a_long_word_breaks_no_page(tab, name):
    tab.page.set_viewport_size({"width": 360, "height": 800})
    tab.mount(name)
    tab.page.get_by_role("combobox" if name == "map" else "textbox").first.fill("x" * 200)
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_window_is_dragged_by_a_finger(chromium):
    context = chromium.new_context(viewport={"width": 360, "height": 800}, has_touch=True)
    tab = Tab(context.new_page()).mount("window")
    touch = context.new_cdp_session(tab.page)
    box = tab.page.locator("[data-middle='1']").bounding_box()
    start = {"x": box["x"] + 5, "y": box["y"] + 5}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [start]})
    for step in range(1, 9):
        point = {"x": start["x"] + 20 * step, "y": start["y"]}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert tab.state()["center"] > 1
    context.close()
