"""The explorer without a browser: what it says, marks and sends; see test_explorer_browser."""

from __future__ import annotations

import re

import nbformat
import numpy as np
import pandas as pd
import pytest

from course_lib import fasttext, projector
from course_lib.projector import explorer as module
from course_lib.projector import labels
from course_lib.projector.coloring import color_by_cluster, color_by_frequency
from course_lib.vectors import WordVectors
from course_tools import execute

AWKWARD = ["<b>bold</b>", "&amp;", "a,b", "new york", ",", "한글", "x" * 60]


def sample(n: int = 300, size: int = 12, *, counts: bool = True) -> WordVectors:
    """Return random vectors; the last words are awkward ones."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(n - len(AWKWARD))] + AWKWARD
    many = 100_000 // np.arange(1, n + 1) if counts else None
    return WordVectors(words, rng.normal(size=(n, size)), counts=many)


def by_hand(vectors: WordVectors, word: str, k: int = 10) -> list[tuple[str, float]]:
    rows = vectors.matrix.astype(np.float64)
    row = rows[vectors.words.index(word)]
    cosines = rows @ row / np.linalg.norm(rows, axis=1) / np.linalg.norm(row)
    order = [i for i in np.argsort(-cosines) if vectors.words[i] != word][:k]
    return [(vectors.words[i], cosines[i]) for i in order]


def marked(explorer: projector.Explorer) -> list[np.ndarray]:
    """Return the places marked for each word that was searched for, in the order of names."""
    marks = sorted(explorer.mark_layer.marks, key=lambda mark: mark["text"])
    kinds = sorted({mark["kind"] for mark in marks})
    return [np.array([m["at"] for m in marks if m["kind"] == kind]) for kind in kinds]


def names(explorer: projector.Explorer) -> list[str]:
    return [mark["text"] for mark in explorer.mark_layer.marks if mark["offset"]]


def said(explorer: projector.Explorer) -> str:
    return re.sub("<[^>]+>", "", explorer.status.value)


def click(explorer: projector.Explorer, trace: int, point: int) -> None:
    """Send the message that the browser sends."""
    points = {"trace_indexes": [trace], "point_indexes": [point], "xs": [0], "ys": [0], "zs": [0]}
    explorer.figure._js2py_pointsCallback = {
        "event_type": "plotly_click",
        "points": points,
        "device_state": None,
        "selector": None,
    }


def test_the_table_is_that_of_brute_force() -> None:
    vectors = sample()
    found = projector.Explorer(vectors, max_words=50).search("w3 w200, w3")
    assert list(found.columns) == ["word", "neighbor", "cosine", "rank"]
    assert found["word"].tolist() == ["w3"] * 10 + ["w200"] * 10
    assert found["rank"].tolist() == [*range(1, 11)] * 2
    expected = by_hand(vectors, "w3") + by_hand(vectors, "w200")
    assert found["neighbor"].tolist() == [word for word, _ in expected]
    np.testing.assert_allclose(found["cosine"], [cosine for _, cosine in expected], atol=1e-6)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_search_marks_the_word_and_its_neighbors(dimensions: int) -> None:
    vectors = sample()
    explorer = projector.Explorer(vectors, dimensions=dimensions)
    found = explorer.search("w3 w7")
    places = projector.project(vectors.normalized(), dimensions=dimensions)
    for word, points in zip(("w3", "w7"), marked(explorer), strict=True):
        family = sorted([word, *found.loc[found["word"] == word, "neighbor"]])
        np.testing.assert_array_equal(points, places[[vectors.index[w] for w in family]])
    # Each is named once, long ones cut.
    shown = {"w3", "w7", *(w if len(w) < 30 else w[:23] + "…" for w in found["neighbor"])}
    assert sorted(names(explorer)) == sorted(shown)
    large = [mark["text"] for mark in explorer.mark_layer.marks if mark["large"]]
    assert large == ["w3", "w7"] == [mark["text"] for mark in explorer.mark_layer.marks[-2:]]


def test_five_words_have_five_colors_and_five_shapes() -> None:
    explorer = projector.Explorer(sample())
    explorer.search("w1 w2 w3 w4 w5")
    large = [mark for mark in explorer.mark_layer.marks if mark["large"]]
    for what in ("color", "path", "kind"):
        assert len({mark[what] for mark in large}) == module.MAX_SEARCHED == 5
    signs = re.findall(r"color:(#\w+)' aria-hidden='true'>(.)<", explorer.neighbor_view.value)
    assert [color for color, _ in signs] == [mark["color"] for mark in large]
    assert len({sign for _, sign in signs}) == 5


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_cloud_holds_every_point_once(dimensions: int) -> None:
    vectors = sample()
    explorer = projector.Explorer(vectors, dimensions=dimensions)
    for color in ("frequency", "cluster"):
        explorer.color_choice.value = color
        cloud = [t for t in explorer.figure.data if t.visible]
        points = np.concatenate(
            [np.stack([np.asarray(t[a]) for a in "xyz"[:dimensions]], axis=1) for t in cloud]
        )
        expected = explorer.places()
        assert np.array_equal(np.sort(points, axis=0), np.sort(expected, axis=0))
        assert len({t.marker.color for t in cloud}) == len({t.name for t in cloud}) == len(cloud)


def test_a_search_sends_plotly_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = projector.Explorer(sample())
    sent = []
    for kind in ("update", "restyle", "relayout", "addTraces"):
        name = f"_send_{kind}_msg"
        monkeypatch.setattr(
            type(explorer.figure), name, lambda self, *a, name=name, **k: sent.append(name)
        )
    explorer.search("w3")
    assert sent == []
    explorer.color_choice.value = "cluster"
    assert sent == ["_send_update_msg"]  # one message, so one drawing


def test_switching_keeps_what_is_marked() -> None:
    explorer = projector.Explorer(sample())
    table = explorer.search("w3 w7")
    for widget, value in (
        (explorer.dimension_choice, 3),
        (explorer.method_choice, "tsne"),
        (explorer.color_choice, "cluster"),
        (explorer.dimension_choice, 2),
    ):
        widget.value = value
        assert [points.shape for points in marked(explorer)] == [
            (11, explorer.dimension_choice.value)
        ] * 2
        large = [mark["at"] for mark in explorer.mark_layer.marks if mark["large"]]
        row = explorer.vectors.index["w3"]
        np.testing.assert_array_equal(large[0], explorer.places()[row])
    pd.testing.assert_frame_equal(explorer.table, table)
    assert "t-SNE of 300 words" in said(explorer)
    assert repr(explorer).endswith("t-SNE in 2-D, marked: w3, w7")


def test_a_projection_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def count(matrix: np.ndarray, method: str, **more: object) -> np.ndarray:
        calls.append((method, more["dimensions"]))
        return projector.project(matrix, dimensions=more["dimensions"])

    monkeypatch.setattr(module, "project", count)
    explorer = projector.Explorer(sample())
    for method in ("tsne", "pca", "tsne"):
        explorer.method_choice.value = method
    explorer.search("w1")
    assert calls == [("pca", 2), ("tsne", 2)]


def test_tsne_shows_the_first_words_only_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.LIMITS, "tsne", 40)
    explorer = projector.Explorer(sample(), method="tsne")
    assert explorer.places().shape == (40, 2)
    assert "the first 40 of 300 words" in said(explorer)
    found = explorer.search("w3")
    inside = [w for w in ["w3", *found["neighbor"]] if explorer.vectors.index[w] < 40]
    assert len(marked(explorer)[0]) == len(inside) < 11
    outside = [w for w in found["neighbor"] if w not in inside]
    assert f"Not in the picture (too rare): {', '.join(outside)}." in said(explorer)


def test_a_click_searches_for_the_word() -> None:
    explorer = projector.Explorer(sample())
    trace = explorer.figure.data[1]
    place = [float(trace.x[2]), float(trace.y[2])]
    row = int(np.flatnonzero((explorer.places() == np.float32(place)).all(axis=1))[0])
    click(explorer, 1, 2)
    assert explorer.searched == [explorer.vectors.words[row]]
    assert explorer.search_box.value == explorer.vectors.words[row]


def test_the_box_searches_and_an_unknown_word_changes_nothing() -> None:
    explorer = projector.Explorer(sample())
    explorer.search_box.value = " w3,w7 "
    assert explorer.searched == ["w3", "w7"]
    table, points, table_html = explorer.table, marked(explorer), explorer.neighbor_view.value
    for text, message in (("w3 w1000", "'w1000' is not among the 300 words"), ("a b c d e f", "6")):
        explorer.search_box.value = text
        assert message in html_unescape(said(explorer))
        pd.testing.assert_frame_equal(explorer.table, table)
        assert explorer.searched == ["w3", "w7"] and explorer.neighbor_view.value == table_html
        np.testing.assert_array_equal(marked(explorer), points)
    explorer.search_box.value = ""
    assert marked(explorer) == [] and names(explorer) == [] and len(explorer.table) == 0


def html_unescape(text: str) -> str:
    import html

    return html.unescape(text)


def test_from_code_an_unknown_word_is_a_key_error_with_a_hint() -> None:
    explorer = projector.Explorer(sample())
    explorer.search("w3")
    with pytest.raises(KeyError, match="Words spelt alike: w1"):
        explorer.search("w10000")
    with pytest.raises(ValueError, match="6 words; search for at most 5"):
        explorer.search("w1 w2 w3 w4 w5 w6")
    assert explorer.searched == ["w3"]


@pytest.mark.parametrize("word", AWKWARD)
def test_awkward_words_are_found_and_never_read_as_html(word: str) -> None:
    explorer = projector.Explorer(sample())
    assert explorer.search([word])["word"].tolist() == [word] * 10
    if len(word) < 30:
        assert word in names(explorer)  # the browser writes it as text
    if "<" in word or "&" in word:
        escaped = word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert escaped in explorer.neighbor_view.value and escaped in explorer.status.value
        assert "<b>bold" not in explorer.neighbor_view.value + explorer.status.value
        texts = [text for t in explorer.figure.data if t.visible for text in t.hovertext]
        assert sum(text.startswith(f"<b>{escaped}</b>") for text in texts) == 1
    assert explorer.searched == [word]
    assert max(map(len, names(explorer))) <= 30


def test_two_words_one_with_a_space() -> None:
    explorer = projector.Explorer(sample())
    explorer.search(["new york", "w3"])
    assert explorer.searched == ["new york", "w3"]
    assert "is not among" not in said(explorer)


def test_vectors_without_counts_are_colored_by_rank() -> None:
    explorer = projector.Explorer(sample(counts=False))
    assert explorer.figure.layout.legend.title.text == "rank"
    assert [t.name for t in explorer.figure.data[:3]] == ["1 to 9", "10 to 99", "100 and more"]
    assert "times" not in explorer.figure.data[0].hovertext[0]


def test_frequency_classes_are_powers_of_ten() -> None:
    coloring = color_by_frequency(5, np.array([12_345, 1_000, 999, 10, 1, 1]))
    assert coloring.names[0] == "10,000 and more" and coloring.names[-1] == "1 to 9"
    assert [coloring.names[c] for c in coloring.classes] == [
        "10,000 and more", "1,000 to 9,999", "100 to 999", "10 to 99", "1 to 9",
    ]  # fmt: skip
    assert coloring.colors[0] == "#08306b" and len(coloring.colors) == len(coloring.names) == 5


def test_clusters_are_those_that_were_planted() -> None:
    rng = np.random.default_rng(0)
    planted = rng.permutation(np.repeat(range(4), 50))
    matrix = np.eye(10)[planted] * 5 + rng.normal(size=(200, 10)) * 0.3
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    words = [f"w{i}" for i in range(200)]
    coloring = color_by_cluster(unit, words, 4, 0)
    pairs = set(zip(planted.tolist(), coloring.classes.tolist(), strict=True))
    assert len(pairs) == 4
    assert coloring.classes[0] == 0  # the first word is in the first cluster
    for kind, name in enumerate(coloring.names):
        assert coloring.classes[words.index(name)] == kind


def test_unknown_words_of_fasttext_have_neighbors_and_no_point() -> None:
    rng = np.random.default_rng(0)
    words = ["man", "woman", "king", "queen", "river", "water", "house", "home", "door", "cat", "x"]
    vectors = fasttext.FastTextVectors(
        words,
        rng.normal(size=(len(words), 6)),
        ngram_matrix=rng.normal(size=(50, 6)),
        subwords=fasttext.Subwords(min_n=3, max_n=5, bucket=50),
    )
    explorer = projector.Explorer(vectors, clusters=2)
    found = explorer.search("manking")
    assert found["neighbor"].tolist() == [w for w, _ in vectors.nearest("manking", 10)]
    assert len(marked(explorer)[0]) == 10 and "manking" not in names(explorer)
    assert "No point for manking: not in the vocabulary" in said(explorer)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"method": "mds"}, "method is 'mds'"),
        ({"dimensions": 1}, "dimensions is 1"),
        ({"clusters": 9}, "clusters is 9; choose 2 to 8"),
        ({"max_words": 2}, "There are 2 words to show; give more than 2"),
    ],
)
def test_what_cannot_be_shown_is_refused(more: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        projector.Explorer(sample(), **more)


def test_umap_is_offered_only_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available", lambda: ["pca", "tsne"])
    assert [name for _, name in projector.Explorer(sample()).method_choice.options] == [
        "pca", "tsne",
    ]  # fmt: skip
    with pytest.raises(ImportError, match="umap-learn"):
        projector.Explorer(sample(), method="umap")


def test_names_do_not_cover_each_other() -> None:
    rng = np.random.default_rng(0)
    points = np.array([400, 280]) + rng.normal(size=(11, 2)) * 30  # close together
    texts = ["neighbor"] * 11
    middles = points + labels.offsets(points, texts, (800, 560))
    assert (middles > 0).all() and (middles < [800, 560]).all()
    apart = np.abs(middles[:, None] - middles)[np.triu_indices(11, 1)]
    half = labels.LETTER * len(texts[0]) / 2
    assert ((apart[:, 0] >= 2 * half) | (apart[:, 1] >= labels.LINE)).all()


def test_a_headless_run_stores_the_same_text_each_time(tmp_path) -> None:
    import asyncio

    source = """
        import numpy as np
        from course_lib import projector
        from course_lib.vectors import WordVectors
        rng = np.random.default_rng(0)
        vectors = WordVectors([f"w{i}" for i in range(60)], rng.normal(size=(60, 5)))
        explorer = projector.Explorer(vectors)
        explorer.search("w1")
        explorer
    """
    notebook = nbformat.v4.new_notebook()
    lines = "\n".join(line.strip() for line in source.strip().splitlines())
    notebook.cells = [nbformat.v4.new_code_cell(lines)]
    path = tmp_path / "90_explorer.ipynb"
    nbformat.write(notebook, path)
    from course_tools import notebooks

    done, result = asyncio.run(execute.run(path, environment=notebooks.headless()))
    assert result.error == ""
    (output,) = done.cells[0].outputs
    assert output.data["text/plain"] == (
        "Explorer: 60 of 60 words x 5 dimensions, PCA in 2-D, marked: w1"
    )
    assert "widgets" not in done.metadata
