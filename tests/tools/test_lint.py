"""Each rule of lint finds its planted fault, and a notebook that keeps them all passes."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course_tools import (
    lint,
    markdown,
    notebooks,
    rules_cells,
    rules_page,
    rules_size,
    rules_verify,
)


def cell(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.id == cell_id)


def place(notebook: NotebookNode, cell_id: str) -> int:
    return next(i for i, c in enumerate(notebook.cells) if c.id == cell_id)


def renumber(notebook: NotebookNode) -> None:
    for count, one in enumerate(notebooks.code_cells(notebook), 1):
        one.execution_count = count


def edit(cell_id: str, old: str, new: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        assert old in cell(notebook, cell_id).source
        cell(notebook, cell_id).source = cell(notebook, cell_id).source.replace(old, new)

    return change


def insert(before: str, new: NotebookNode) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        notebook.cells.insert(place(notebook, before), new)
        renumber(notebook)

    return change


def remove(cell_id: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        del notebook.cells[place(notebook, cell_id)]
        renumber(notebook)

    return change


def add_code(source: str, **more) -> Callable[[NotebookNode], None]:
    return insert("recap", new_code_cell(source, id="added", **more))


def add_text(source: str, **more) -> Callable[[NotebookNode], None]:
    return insert("recap", new_markdown_cell(source, id="added", **more))


def prints(text: str) -> Callable[[NotebookNode], None]:
    return add_code("print(x)", outputs=[new_output("stream", name="stdout", text=text)])


def shows(kind: str, value: str) -> Callable[[NotebookNode], None]:
    return add_code("x", outputs=[new_output("display_data", data={kind: value})])


def set_tags(cell_id: str, *tags: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        cell(notebook, cell_id).metadata["tags"] = list(tags)

    return change


def number_exercise(cell_id: str, number: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        cell(notebook, cell_id).metadata["course"] = {"exercise": number}

    return change


def unfold(cell_id: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        del cell(notebook, cell_id).metadata["jupyter"]

    return change


def rename(old: str, new: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        cell(notebook, old).id = new

    return change


def count(cell_id: str, number: int | None) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        cell(notebook, cell_id).execution_count = number

    return change


def clear(notebook: NotebookNode) -> None:
    for one in notebooks.code_cells(notebook):
        one.outputs = []


def forget_alt(notebook: NotebookNode) -> None:
    cell(notebook, "figure").outputs[0].metadata = {}


def fill(notebook: NotebookNode) -> None:
    for one in notebooks.code_cells(notebook):
        one.source += "\nx = 1" * 6


def widgets(notebook: NotebookNode) -> None:
    notebook.metadata["widgets"] = {}


def other_kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "my-env", "display_name": "My"}


def times(notebook: NotebookNode) -> None:
    cell(notebook, "addition").metadata["execution"] = {"iopub.execute_input": "2020"}


def slide_type(notebook: NotebookNode) -> None:
    cell(notebook, "addition").metadata["slideshow"] = {"slide_type": "skip"}


def points(notebook: NotebookNode) -> None:
    cell(notebook, "check-1").metadata["nbgrader"] = {"grade": True, "points": 1}


def ignore_all(notebook: NotebookNode) -> None:
    cell(notebook, "addition").metadata["tags"] = ["nbval-ignore-output"]
    cell(notebook, "figure").metadata["tags"] = ["nbval-ignore-output"]


def code_first(notebook: NotebookNode) -> None:
    del notebook.cells[0]


error = new_output("error", ename="ValueError", evalue="no", traceback=[])
warning = new_output("stream", name="stderr", text="UserWarning: old\n")
helper = "def helper(x):\n    y = x + 1\n    return y"

PLANTED = {
    "no header": (code_first, "setup", "the first cell is not the header"),
    "title": (edit("header", "# 90", "# 91"), "header", "the title is not '# 90 · …'"),
    "header part": (edit("header", "**Data**", "Data"), "header", "no **Data**"),
    "header order": (
        edit(
            "header", "**You need** nothing. **Minutes on CPU**", "**Minutes on CPU** **You need**"
        ),
        "header",
        "do not stand in the order",
    ),
    "goals": (edit("header", "- three\n", ""), "header", "2 goals"),
    "second title": (add_text("# Again"), "added", "a second title"),
    "section number": (edit("first-section", "## 1", "## 2"), "first-section", "should read '## 1"),
    "no section": (edit("first-section", "## 1 · ", "### "), "references", "no numbered section"),
    "last sections": (edit("recap", "## Recap", "**Recap**"), "references", "come Test yourself"),
    "self-test": (edit("self-test", "<summary>Why?</summary>", "Why?"), "references", "<details>"),
    "neighbor": (edit("references", "91_next", "dot"), "references", "no link to 91_next.ipynb"),
    "last cell": (
        lambda n: n.cells.append(new_code_cell("x", id="added", execution_count=12)),
        "added",
        "the first and the last cell are text",
    ),
    "lost backslash": (add_text("$\text{a}$"), "added", "a control character stands"),
    "dead link": (add_text("[a](../gone.md)"), "added", "../gone.md leads to nothing"),
    "dead picture": (add_text("![a](gone.png)"), "added", "gone.png leads to nothing"),
    "dead html link": (add_text('<a href="gone.md">a</a>'), "added", "leads to nothing"),
    "dead anchor": (add_text("[a](#Nowhere)"), "added", "names no heading"),
    "dead far anchor": (add_text("[a](91_next.ipynb#Top)"), "added", "names no heading"),
    "absolute link": (add_text("[a](/etc/hosts)"), "added", "is not relative"),
    "attachment": (add_text("![a](attachment:b.png)"), "added", "no such attachment"),
    "alt text of a figure": (forget_alt, "figure", "a figure without alt text (image/png)"),
    "small text in a figure": (
        lambda n: cell(n, "figure").outputs[0].metadata["image/png"].update(text=19.4),
        "figure",
        "text of 19.4 px in a figure on a slide; at least 20",
    ),
    "alt text in markdown": (add_text("![](dot.png)"), "added", "without alt text: ![](dot.png)"),
    "alt text in html text": (add_text('<img src="dot.png">'), "added", "without alt text: <img>"),
    "alt text in html": (shows("text/html", "<p><img src='a'/>"), "added", "in HTML: <img>"),
    "alt text of svg": (shows("text/html", "<svg></svg>"), "added", "in HTML: <svg>"),
    "alt text in output": (shows("text/markdown", "![](a)"), "added", "without alt text"),
    "two exercises": (remove("answer-3"), "references", "2 exercises; wanted 3 or more"),
    "exercise order": (number_exercise("answer-1", "90.2"), "answer-1", "wanted 90.1"),
    "exercise unknown": (
        number_exercise("answer-1", "90.7"),
        "answer-1",
        "no check for exercise",
    ),
    "check unasked": (
        number_exercise("answer-1", "90.7"),
        "references",
        "asks for the checks 90.1",
    ),
    "exercise title": (edit("task-1", "Times 2", "Two"), "answer-1", "is called 'Times 2'"),
    "exercise heading": (edit("task-1", "### Exercise", "### Task"), "answer-1", "no text '### Ex"),
    "difficulty": (edit("task-1", "★☆☆", "easy"), "task-1", "difficulty: ★☆☆"),
    "kind": (edit("task-2", "find the fault", "riddle"), "task-2", "the kind of exercise is 'rid"),
    "two kinds": (edit("task-2", "find the fault", "judge"), "references", "exercises of 2 kinds"),
    "no judgement": (edit("task-3", "judge", "order the lines"), "references", "no exercise asks"),
    "three stars": (edit("task-2", "★☆☆", "★★★"), "task-2", "stands after one of lines to order"),
    "faulty code": (
        edit("answer-2", "### END SOLUTION", "### END SOLUTION\n    ### GIVEN\n    #x"),
        "answer-2",
        "the lines below '### GIVEN' are comments",
    ),
    "below the end": (
        edit("answer-2", "### END SOLUTION", "### END SOLUTION\n    # x"),
        "answer-2",
        "below '### END SOLUTION' stands '# x'",
    ),
    "result first": (
        edit("short", "## In", "### In"),
        "header",
        "first section is not '## In five",
    ),
    "much in five minutes": (
        edit("short", "All", "word " * 250 + "All"),
        "header",
        "'In five minutes' has 260 words; at most 250",
    ),
    "minutes": (edit("header", "10 to read", "15 to read"), "header", "says 15 minutes; counted"),
    "no minutes": (edit("header", "1 to run,", "1,"), "header", "the minutes are not written"),
    "many cells": (
        lambda n: [
            add_text(f"{k}")(n) or rename("added", f"c{chr(97 + k % 26)}{k}")(n) for k in range(60)
        ],
        "header",
        "cells; at most 75",
    ),
    "many words": (add_text("word " * 2_800), "header", "words; at most 2800"),
    "many minutes": (edit("task-1", "2 minutes", "85 minutes"), "header", "95 minutes; at most 90"),
    "unknown tag of a text": (
        add_text("Hello.", metadata={"tags": ["off-slides"]}),
        "added",
        "unknown tag off-slides",
    ),
    "long notes": (
        add_text("word " * 81, metadata={"tags": ["notes"]}),
        "added",
        "81 words of notes; at most 80",
    ),
    "nothing to answer": (
        insert("recap", new_markdown_cell("## 2 · Second", id="second-section")),
        "second-section",
        "section '2 · Second' asks nothing",
    ),
    "result of no prediction": (add_code('reveal("90.p1", 2)'), "added", "of no prediction"),
    "prediction without result": (
        add_code('predict("90.p1", "?", number="x")'),
        "header",
        "no cell reveals the result of prediction 90.p1",
    ),
    "prediction of another lesson": (
        add_code('predict("91.p1", "?", number="x")\nreveal("91.p1", 2)'),
        "header",
        "'91.p1' is not named '90.p1'",
    ),
    "no end": (
        edit("answer-1", "    ### END SOLUTION", ""),
        "answer-1",
        "one '### BEGIN SOLUTION'",
    ),
    "outside": (
        edit("answer-1", "### BEGIN", "x = 1\n    ### BEGIN"),
        "answer-1",
        "docstring, and",
    ),
    "after": (
        edit("answer-1", "### END SOLUTION", "### END SOLUTION\n    x = 1"),
        "answer-1",
        "it al",
    ),
    "no docstring": (edit("answer-1", '"""Return x times 2."""', "x"), "answer-1", "the docstring"),
    "two functions": (
        edit("answer-1", "### END", "### END\nx = 1#"),
        "answer-1",
        "and nothing else",
    ),
    "check missing": (set_tags("check-1"), "answer-1", "the next code cell is not its check"),
    "check number": (number_exercise("check-1", "90.2"), "check-1", "do not name exercise 90.1"),
    "check call": (edit("check-1", "times_2", "times_3"), "check-1", "should read check("),
    "late use": (edit("answer-3", "x + x", "times_2(x) + x"), "answer-3", "uses times_2 of exer"),
    "kernel": (other_kernel, "header", "not python3"),
    "widgets": (widgets, "header", "state of widgets"),
    "times": (times, "addition", "times of execution"),
    "random id": (rename("addition", "0a1b2c3d"), "0a1b2c3d", "drawn at random"),
    "uuid": (rename("addition", "0a1b2c3d-12-34"), "0a1b2c3d-12-34", "drawn at random"),
    "odd id": (rename("addition", "Add_It"), "Add_It", "lower-case words"),
    "long cell": (add_code("x = 1\n" * 26), "added", "26 lines of code"),
    "empty cell": (add_code(" "), "added", "the cell is empty"),
    "median": (fill, "header", "the median cell has"),
    "count": (count("addition", 3), "addition", "execution count 3; wanted 2"),
    "stripped count": (count("setup", None), "setup", "execution count None"),
    "stripped outputs": (clear, "header", "no output is stored"),
    "error": (add_code("1 / 0", outputs=[error]), "added", "a stored error: ValueError"),
    "warning": (add_code("x", outputs=[warning]), "added", "a stored warning"),
    "tag": (set_tags("addition", "nbval-skip"), "addition", "unknown tag nbval-skip"),
    "no setup": (set_tags("setup"), "setup", "the first code cell, and it alone"),
    "two setups": (set_tags("addition", "setup"), "addition", "the first code cell, and it alone"),
    "no seed": (edit("setup", "seed_everything", "profile"), "setup", "runtime.seed_everything"),
    "comment": (edit("addition", "print", "# NBVAL_SKIP\nprint"), "addition", "not by comments"),
    "no verify cell": (remove("process-verify"), "process", "without a 'verify' cell after it"),
    "assertion": (edit("addition", "print", "assert 1\nprint"), "addition", "that readers see"),
    "assertion in a loop": (
        add_code("for x in (1, 2):\n    assert x"),
        "added",
        "that readers see",
    ),
    "verify open": (unfold("process-verify"), "process-verify", "its code is not folded"),
    "verify idle": (edit("process-verify", "assert", "x ="), "process-verify", "without an assert"),
    **{
        f"verify cannot fail: {idle}": (
            edit("process-verify", "assert", f"assert {idle}\nassert"),
            "process-verify",
            "it cannot fail",
        )
        for idle in ("True", "1 == 1", "[3]", "(np, 1)", "np == np", "np or True", "len(np.e) >= 0")
    },
    "verify talks": (
        edit("process-verify", "assert", "print(1)\nassert"),
        "process-verify",
        "print(1): a 'verify' cell only asserts",
    ),
    "verify shows": (
        lambda n: cell(n, "process-verify").outputs.append(new_output("stream", text="1")),
        "process-verify",
        "with an output",
    ),
    "verify hoards": (
        edit("process-verify", "assert", "x = 1\nassert"),
        "process-verify",
        "no assertion needs x",
    ),
    "verify serves readers": (
        lambda n: (
            edit("process-verify", "assert", "x = 1\nassert x and")(n),
            add_code("print([y + x for y in (1, 2)])")(n),
        ),
        "process-verify",
        "binds x, which added uses",
    ),
    "figure without tag": (set_tags("figure"), "figure", "tag it 'figure'"),
    "figure open": (unfold("figure"), "figure", "its code is not folded"),
    "figure missing": (set_tags("addition", "figure"), "addition", "but it shows none"),
    "no title": (
        edit("figure", "plots.line(", "axes.legend("),
        "figure",
        "a figure without a title",
    ),
    "alt in parts": (
        edit("figure", '"a line"', '"a " + "line"'),
        "figure",
        "alt='a ' + 'line': give the text itself",
    ),
    "alt by name": (edit("figure", '"a line"', "x"), "figure", "alt=x: give the text itself"),
    "stray marker": (add_code("### BEGIN SOLUTION\nx"), "added", "a solution without the tag"),
    "stray check": (set_tags("addition", "check"), "references", "not as many checks"),
    "magic": (add_code("%pip install x"), "added", "not plain Python"),
    "shell": (add_code("!ls"), "added", "not plain Python"),
    "help": (add_code("print?"), "added", "not plain Python"),
    "get_ipython": (add_code("get_ipython().system('ls')"), "added", "get_ipython"),
    "system": (add_code("os.system('ls')"), "added", "no shell commands"),
    "plt.show": (add_code("plt.show()"), "added", "shown by plots.show"),
    "home": (prints("saved to /home/ana/x.png"), "added", "a path of this machine"),
    "mac": (prints("'/Users/ana/x'"), "added", "a path of this machine"),
    "temporary": (prints("/tmp/ipykernel_1/2.py"), "added", "'/tmp/ipykernel_1/2.py'"),
    "windows": (prints("C:\\course\\x"), "added", "a path of this machine"),
    "windows repr": (shows("text/html", "'D:\\\\x'"), "added", "a path of this machine"),
    "file url": (shows("application/json", "file:///x"), "added", "a path of this machine"),
    "slide type": (slide_type, "addition", "slideshow metadata are stored"),
    "points": (points, "check-1", "nbgrader metadata are stored"),
    "share": (ignore_all, "header", "3 of 6 outputs are compared; wanted"),
    "pasted": (
        lambda n: (
            add_code(helper)(n),
            insert("recap", new_code_cell(helper.replace("helper", "again"), id="twice"))(n),
        ),
        "twice",
        "again stands already in 90_sample.ipynb, cell added",
    ),
}


def test_a_notebook_that_keeps_the_rules_has_no_finding(sample, course):
    assert lint.findings([course(sample)]) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name, sample, course):
    change, where, what = PLANTED[name]
    change(sample)
    found = lint.findings([course(sample)])
    assert any(f.cell == where and what in f.what for f in found), found


def test_every_rule_has_a_planted_fault(sample, course):
    for rule in rules_page.RULES + rules_cells.RULES + rules_verify.RULES:
        assert any(change_is_seen_by(rule, name, sample, course) for name in PLANTED), rule


def change_is_seen_by(rule, name, sample, course) -> bool:
    change, where, what = PLANTED[name]
    notebook = copy.deepcopy(sample)
    change(notebook)
    page = lint.Page(course(notebook), notebook)
    return any(cell == where and what in said for cell, said in rule(page))


def test_what_only_looks_like_a_fault_passes(sample, course):
    for number, source in enumerate(
        (
            "`[a](gone.md)` and\n```\n# no title\n[a](gone.md)\n```",
            "[web](https://example.org/home/x) [mail](mailto:a@example.org)",
            "[there](91_next.ipynb) [First](#1-·-First) $x:\\alpha$ ~/.cache/",
        )
    ):
        insert("recap", new_markdown_cell(source, id=f"text-{number}"))(sample)
    for number in range(4):  # more words than "In five minutes" may have, but the speaker's
        noted = new_markdown_cell("word " * 80, id=f"n-{number}", metadata={"tags": ["notes"]})
        place = next(n for n, c in enumerate(sample.cells) if c.id == "short")
        sample.cells.insert(place + 1, noted)
    add_code(
        "x = (\n    7\n    % 2\n)\n\n\n"  # and two letters, which are the same by chance
        'def one():\n    return "B"\n\n\ndef two():\n    return "B"',
        outputs=[
            new_output("stream", name="stdout", text="https://x.org/home/a and/or s.split: /a/\n")
        ],
    )(sample)
    assert lint.findings([course(sample)]) == []


def test_a_verify_cell_may_bind_what_readers_bind_anew(sample, course):
    source = "x = [y for y in (1, 2)]\nfor z in x:\n    assert z\nassert x and os.getpid() > 0"
    cell(sample, "process-verify").source = source
    add_code("x = 2\ny = [x for z in (1, 2)]\nprint(x, y)")(sample)
    edit("figure", '"a line"', '"a "\n    f"line {1}"')(sample)
    assert lint.findings([course(sample)]) == []


@pytest.mark.parametrize(
    ("source", "free", "bound"),
    [
        ("x = y + 1\nprint(x)", {"y", "print"}, {"x"}),
        ("x += 1", {"x"}, {"x"}),
        ("for i in a:\n    b = i", {"a"}, {"i", "b"}),
        ("z = [q for q in a if q > c]", {"a", "c"}, {"z"}),
        ("def f(a):\n    return a + k\nk = 1", {"k"}, {"f", "k"}),
        ("class A:\n    m = n", {"n", "__name__"}, {"A"}),
        ("from a import b as c\nimport d.e", set(), {"c", "d"}),
        ("with open(p) as file:\n    del file", {"open", "p"}, {"file"}),
    ],
)
def test_names_taken_and_names_bound(source, free, bound):
    assert rules_verify.names(source) == (free, bound)


def test_equal_helpers_in_two_notebooks(sample, course):
    add_code(helper)(sample)
    path = course(sample)
    other = path.with_name("92_other.ipynb")
    other.write_bytes(path.read_bytes())
    found = [f for f in lint.findings([path, other]) if "stands already in" in f.what]
    assert {f.notebook for f in found} == {"92_other.ipynb"}
    assert "helper stands already in 90_sample.ipynb, cell added" in {f.what for f in found}


def test_broken_files_are_findings(sample, course):
    path = course(sample)
    path.write_text("{", encoding="utf-8")
    assert "is no notebook" in lint.findings([path])[0].what
    good = course(sample).read_text(encoding="utf-8")
    path.write_text(good.replace('"id": "recap",', ""), encoding="utf-8")
    assert "has cells without an id" in lint.findings([path])[0].what
    path.write_text(good.replace('"nbformat_minor": 5', '"nbformat_minor": 4'), encoding="utf-8")
    assert "has cells without an id" in lint.findings([path])[0].what
    assert "the notebook is empty" in lint.findings([path.with_name("91_next.ipynb")])[0].what


def test_the_command_prints_findings_and_the_share(sample, course, capsys):
    good = course(sample)
    assert lint.main([str(good)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("90_sample.ipynb: 83% of outputs compared (5 of 6)\n")
    assert re.search(r"^90_sample\.ipynb +20 +\d+ +10$", out, re.MULTILINE)
    assert out.endswith("0 findings in 1 notebooks.\n")
    add_code("!ls")(sample)
    assert lint.main([str(course(sample))]) == 1
    out = capsys.readouterr().out
    assert "90_sample.ipynb: added: not plain Python" in out
    with pytest.raises(SystemExit) as stopped:
        lint.main(["99"])
    assert stopped.value.code == 2
    assert "no notebook '99'; in notebooks/ are: " in capsys.readouterr().err


def test_markdown_is_read_outside_of_code_alone():
    text = "a `[x](y)` [b](c.md) ``` ` ```\n\n> ```\n> # not\n> ```\n\n## Yes [d](<e f.md>)\n"
    assert markdown.headings(text) == [(2, "Yes [d](<e f.md>)")]
    assert markdown.targets(text) == ["c.md", "e f.md"]
    moved = markdown.replace_targets(text, str.upper)
    assert moved == text.replace("c.md", "C.MD").replace("e f.md", "E F.MD")


def test_a_companion_counts_its_exercises_on_and_may_be_long(sample, course):
    """Its lesson links to it; it links to its lesson; it needs neither recap nor self-test."""
    path = course(sample)
    deeper = path.parent / "deeper" / "90_more.ipynb"
    companion = copy.deepcopy(sample)
    companion.cells = [c for c in companion.cells if c.id not in ("short", "recap", "self-test")]
    cell(companion, "header").source = cell(sample, "header").source.replace(
        "91_next.ipynb", "../90_sample.ipynb"
    )
    cell(companion, "references").source = "## References\n\n[90](../90_sample.ipynb)"
    cell(companion, "first-section").source = "## 1 · First"
    renumber(companion)
    deeper.parent.mkdir()
    notebooks.write(deeper, companion)
    found = {(f.cell, f.what) for f in lint.findings([path, deeper])}
    assert ("header", "no link to its companion deeper/90_more.ipynb") in found
    assert ("answer-1", "the exercise is '90.1'; wanted 90.4") in found
    cell(sample, "recap").source += "\n\n[more](deeper/90_more.ipynb)"
    course(sample)
    for name in ("task", "answer", "check"):
        companion.cells = [c for c in companion.cells if not c.id.startswith(f"{name}-")]
    edit("header", "10 to read", "5 to read")(companion)
    renumber(companion)
    notebooks.write(deeper, companion)
    assert lint.findings([path, deeper]) == []


def test_the_words_of_all_lessons_together_have_a_limit(sample, course, monkeypatch):
    path = course(sample)
    assert not [f for f in lint.findings([path]) if f.cell == "words"]
    monkeypatch.setattr(rules_size, "LESSONS_WORDS", 10)
    (found,) = (f.what for f in lint.findings([path]) if f.cell == "words")
    assert found.startswith("the lessons have ") and found.endswith("at most 10")
