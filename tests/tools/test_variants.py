"""Copies with numbers of their own: what is published fails there, what is asked for passes."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKS
from exercises.proof import define, setup_names
from nbformat import NotebookNode
from test_grade import REFUSED, Room, run

from course_exercises import WrongAnswer, check, exercises
from course_exercises import variants as drawing
from course_tools import editions, notebooks, variants

SEEDS = ("autumn", "spring", "7")
STUDENTS = [variants.of(seed, f"s{k}") for seed in SEEDS for k in range(8)]


def found() -> dict[str, tuple[Path, exercises.Exercise]]:
    """Return every exercise that varies, with its notebook."""
    told = {}
    for path in notebooks.find():
        for item in notebooks.exercises(notebooks.read(path)):
            if (exercise := variants.varying(item.number)) is not None:
                told[item.number] = (path, exercise)
    return told


VARYING = found()


def cells(path: Path, number: str, variant: str) -> tuple[NotebookNode, notebooks.ExerciseCells]:
    """Return a notebook and one of its exercises, after a variant was applied."""
    notebook = notebooks.read(path)
    item = next(i for i in notebooks.exercises(notebook) if i.number == number)
    variants.apply(item, variant)
    return notebook, item


# How each exercise that varies is solved with other numbers: from the published solution, by what a
# student would change who has read the text.
def by_number(old: str, name: str) -> Callable[[str, dict[str, Any]], str]:
    return lambda source, values: re.sub(rf"\b{old}\b", str(values[name]), source)


def animals(source: str, values: dict[str, Any]) -> str:
    k = len(values["words"].split()) // 2
    return source.replace("2 * np.log(2)", f"{k} * np.log({k})")


def weighting(source: str, values: dict[str, Any]) -> str:
    old = "(1, table / 100) ** 0.75"
    assert old in source
    return source.replace(old, f"(1, table / {values['x_max']}) ** {values['power']}")


def letters(source: str, values: dict[str, Any]) -> str:
    """Look each line of the answer up in the text, as a student does who knows which are right."""
    order = values["order"]
    shown = {published: sorted(order)[place] for place, published in enumerate(order)}
    head, answer, rest = re.split(r'return "([A-F]+)"', source)
    return f'{head}return "{"".join(shown[letter] for letter in answer)}"{rest}'


SOLVED = {
    "00.4": by_number("3", "lowest"),
    "02.5": animals,
    "03.5": letters,
    "04.4": letters,
    "05.5": weighting,
    "06.6": letters,
    "10.5": by_number("262", "rows"),
}


def test_exercises_of_several_kinds_and_lessons_vary() -> None:
    assert set(VARYING) == set(SOLVED)
    kinds = set()
    for number, (path, _) in VARYING.items():
        notebook = notebooks.read(path)
        item = next(i for i in notebooks.exercises(notebook) if i.number == number)
        kinds.add(re.search(r"^difficulty:.*·\s*(.+)$", item.heading.source, re.MULTILINE)[1])
    assert len({number[:2] for number in VARYING}) >= 3
    assert len(kinds) >= 4, kinds


@pytest.mark.parametrize("number", VARYING)
def test_the_published_solution_passes_in_no_copy_and_the_right_one_does(
    number: str, capsys: pytest.CaptureFixture
) -> None:
    path, exercise = VARYING[number]
    notebook = notebooks.read(path)
    item = next(i for i in notebooks.exercises(notebook) if i.number == number)
    names = setup_names(notebook)
    published = define(item.solution.source, names)
    check(number, published)
    seen = set()
    for variant in STUDENTS:
        values = drawing.drawn(number, exercise.varies, variant)
        seen.add(str(values))
        with pytest.raises(WrongAnswer):
            check(number, published, variant=variant)
        right = SOLVED[number](item.solution.source, values)
        assert right != item.solution.source
        check(number, define(right, names), variant=variant)
    assert len(seen) >= 4, seen
    assert capsys.readouterr().out.count(f"{number} correct: ") == 1 + len(STUDENTS)


@pytest.mark.parametrize("number", VARYING)
def test_the_text_of_a_copy_says_the_numbers_of_its_check(number: str) -> None:
    path, exercise = VARYING[number]
    before = notebooks.read(path)
    old = next(i for i in notebooks.exercises(before) if i.number == number)
    for variant in STUDENTS[:8]:
        values = drawing.drawn(number, exercise.varies, variant)
        _, item = cells(path, number, variant)
        text = item.heading.source
        assert text != old.heading.source
        assert "@" not in text
        for name, value in values.items():
            if name != drawing.LETTERS:
                assert str(value) in text
                assert str(exercise.varies[name][0]) not in text.replace(str(value), "")
        assert f'variant="{variant}")' in item.check.source
        # Nothing else of the cells changes but lines that change places.
        assert len(text.splitlines()) == len(old.heading.source.splitlines())
        assert item.solution.source.count("\n") == old.solution.source.count("\n")


def lettered(text: str) -> dict[str, str]:
    lines = re.findall(r"^(?:- \*\*|- )?([A-F])(?:\*\*|:| {2,})(.*)$", text, re.MULTILINE)
    return {letter: line.strip() for letter, line in lines}


@pytest.mark.parametrize("number", ["03.5", "04.4", "06.6"])
def test_each_line_is_still_there_once_and_the_letters_go_on_in_order(number: str) -> None:
    path, exercise = VARYING[number]
    old = lettered(cells(path, number, "")[1].heading.source)
    for variant in STUDENTS[:8]:
        order = drawing.drawn(number, exercise.varies, variant)["order"]
        new = lettered(cells(path, number, variant)[1].heading.source)
        assert list(new) == sorted(old)
        assert [new[letter] for letter in sorted(order)] == [old[letter] for letter in order]


def test_lines_in_the_order_of_the_text_are_the_program() -> None:
    """As a student would: the lines are read from the text and put in order, not the letters."""
    path, _ = VARYING["04.4"]
    old = lettered(cells(path, "04.4", "")[1].heading.source)
    for variant in STUDENTS[:8]:
        new = lettered(cells(path, "04.4", variant)[1].heading.source)
        answer = "".join(next(k for k, line in new.items() if line == old[x]) for x in "ADFEB")
        check("04.4", lambda answer=answer: answer, variant=variant)


def test_a_choice_is_told_what_speaks_against_it_under_its_own_letter() -> None:
    path, _ = VARYING["06.6"]
    old = lettered(cells(path, "06.6", "")[1].heading.source)
    said = {"A": "its lead comes from form", "C": "SGNS is", "D": "LSA is ahead"}
    for variant in STUDENTS[:8]:
        new = lettered(cells(path, "06.6", variant)[1].heading.source)
        for letter, line in new.items():
            published = next(k for k, other in old.items() if other == line)
            if published in said:
                with pytest.raises(WrongAnswer, match=f"not {letter}: .*{said[published]}"):
                    check("06.6", lambda letter=letter: letter, variant=variant)


def test_a_variant_is_drawn_from_seed_and_student_alone() -> None:
    assert variants.of("autumn", "s1") == variants.of(" autumn ", "S1")
    assert len({variants.of(seed, s) for seed in SEEDS for s in ("", "s1", "s2")}) == 9
    with pytest.raises(ValueError, match="the seed is empty; give a text of your own"):
        variants.of(" ")
    varies = {"x": (1, 2, 3, 4, 5)}
    values = [drawing.drawn("05.5", varies, variant)["x"] for variant in STUDENTS]
    assert set(values) == {2, 3, 4, 5}
    assert drawing.drawn("05.5", varies, "") == {"x": 1}
    with pytest.raises(ValueError, match="leave the check's cell as it stands in your copy"):
        check("02.5", lambda: 0, variant="mine")


def test_orders_move_the_right_answer() -> None:
    orders = drawing.orders("ABC", "B")
    assert orders[0] == "ABC"
    assert sorted(orders[1:]) == ["ACB", "BAC", "BCA", "CAB"]  # CBA leaves B where it is
    assert drawing.renamed("B", "CAB") == "C"  # what was B stands under C


def test_metadata_that_do_not_fit_the_text_are_an_error() -> None:
    path, _ = VARYING["05.5"]
    for pairs, told in (
        ([["no such words", "@x_max@ @power@"]], "'no such words', which it does not have"),
        ([["the exponent ¾", "@rows@"]], "@rows@ is nothing that varies"),
        ([["the exponent ¾", "@power@"]], "'x_max' varies, but no cell says where it stands"),
    ):
        item = next(i for i in notebooks.exercises(notebooks.read(path)) if i.number == "05.5")
        item.heading.metadata["course"]["varies"] = pairs
        with pytest.raises(ValueError, match=re.escape(told)):
            variants.apply(item, STUDENTS[0])
    with pytest.raises(ValueError, match="no line check"):
        variants.in_check("print(1)", "05.5", STUDENTS[0])


# Copies.


def test_copies_without_a_seed_have_the_published_numbers_and_no_trace() -> None:
    made = editions.build(notebooks.NOTEBOOKS)
    assert not [name for name, text in made.items() if "variant=" in text or '"varies"' in text]
    assert "x_{\\\\max} = 100$ and the exponent ¾" in made["05_glove.ipynb"]


def test_copies_with_a_seed_run_and_say_that_their_numbers_are_their_own(tmp_path: Path) -> None:
    variant = variants.of("autumn")
    made = editions.build(notebooks.NOTEBOOKS, variant)
    named = {name for name, text in made.items() if variant in text}
    assert named == {
        path.relative_to(notebooks.NOTEBOOKS).as_posix() for path, _ in VARYING.values()
    }
    assert not [name for name, text in made.items() if '"varies"' in text or "SOLUTION" in text]
    copy = json.loads(made["deeper/00_tensors_and_autograd.ipynb"])
    text = "".join(copy["cells"][0]["source"])
    assert "Exercise 00.4: this copy has numbers, or an order of lines, of its own." in text
    lowest = drawing.drawn("00.4", VARYING["00.4"][1].varies, variant)["lowest"]
    given = next(c for c in copy["cells"] if "def downhill" in "".join(c["source"]))
    assert f"((w - {lowest}) ** 2).backward()" in "".join(given["source"])
    assert variants.recorded(["".join(c["source"]) for c in copy["cells"]]) == variant


def test_each_student_of_a_roster_gets_an_archive(tmp_path: Path, capsys) -> None:
    listed = tmp_path / "roster.csv"
    listed.write_text("id,name\ns1,Kim\n../s2,Bo\n", encoding="utf-8")
    folder = tmp_path / "copies"
    given = ["--seed", "autumn", "--roster", str(listed), "--output", str(folder)]
    assert editions.main(given) == 0
    assert f"Copies for 2 students in {folder}" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["_s2.zip", "s1.zip"]
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert editions.main(given) == 0
    assert first == {path.name: path.read_bytes() for path in folder.iterdir()}
    texts = {}
    for name, own in (("s1", "s1"), ("_s2", "../s2")):
        with zipfile.ZipFile(folder / f"{name}.zip") as packed:
            texts[name] = packed.read("05_glove.ipynb").decode()
            assert "deeper/00_tensors_and_autograd.ipynb" in packed.namelist()
        assert variants.of("autumn", own) in texts[name]
    assert texts["s1"] != texts["_s2"]


def test_wrong_calls_of_the_copies(tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        editions.main(["--roster", "roster.csv"])
    assert "--roster needs --seed TEXT" in capsys.readouterr().err
    assert editions.main(["--seed", "", "--output", str(tmp_path)]) == 1
    assert "the seed is empty" in capsys.readouterr().err
    assert editions.main(["--seed", "a", "--roster", str(tmp_path / "gone.csv")]) == 1
    assert "no roster" in capsys.readouterr().err


# Grading.

OWN_CHECK = """
@exercise("90.1", "Times 2", varies={"times": (2, 3, 5, 7, 11)})
def times_2(answer: Answer, times: int) -> str:
    return sum_up(answer, times)
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Return a folder of masters of which one exercise varies."""
    own = CHECKS.replace(
        CHECKS[CHECKS.index('@exercise("90.1"') : CHECKS.index('@exercise("90.2"')], OWN_CHECK
    )
    found = Room(tmp_path)
    (found.masters / "sample_checks.py").write_text(own, encoding="utf-8")
    monkeypatch.setattr(exercises, "_REGISTER", {})
    exec(own, {"__name__": "sample_checks"})
    return found


def hand_in(room: Room, name: str, factor: int, variant: str) -> None:
    path = room.hand_in(name, f"def times_2(x):\n    return {factor} * x")
    text = path.read_text(encoding="utf-8")
    named = f', variant=\\"{variant}\\"' if variant else ""
    assert 'check(\\"90.1\\", times_2)' in text
    text = text.replace('times_2)"', f'times_2{named})"').replace(
        "times_2)\\n", f"times_2{named})\\n"
    )
    assert (variant in text) or not variant
    path.write_text(text, encoding="utf-8")


def times(variant: str) -> int:
    return (
        variants.varying("90.1")
        and drawing.drawn("90.1", variants.varying("90.1").varies, variant)["times"]
    )


def test_the_grader_asks_for_the_numbers_of_the_student(room: Room, tmp_path: Path, capsys) -> None:
    listed = tmp_path / "roster.csv"
    listed.write_text(
        "id,name\n" + "".join(f"s{k},Kim {chr(96 + k)}\n" for k in range(1, 6)), "utf-8"
    )
    own = {k: variants.of("autumn", f"s{k}") for k in range(1, 6)}
    other = next(k for k in (3, 4, 5) if times(own[k]) != times(own[2]))
    hand_in(room, "s1/04.ipynb", times(own[1]), own[1])
    hand_in(room, "s2/04.ipynb", times(own[other]), own[other])  # somebody else's copy, solved
    hand_in(room, f"s{other}/04.ipynb", 2, "")  # the published solution in the published copy
    hand_in(room, "nobody/04.ipynb", times(own[1]), own[1])
    output, book = tmp_path / "grades.csv", tmp_path / "book"
    given = ["--output", str(output), "--gradebook", str(book), "--roster", str(listed)]
    given += ["--seed", "autumn", "--per-student", *["--trust"] * bool(REFUSED)]
    assert run(room, *given) == 0
    rows = csv.DictReader(io.StringIO(output.read_text(encoding="utf-8-sig")))
    found = {row["submission"].split("/")[0]: row for row in rows}
    assert {name: row["90.1"] for name, row in found.items()} == {
        "s1": "1",
        "s2": "0",
        f"s{other}": "0",
        "nobody": "1",
    }
    assert "its checks name" not in found["s1"]["remarks"]
    name = f"Kim {chr(96 + other)} (s{other})"
    told = f"its checks name the numbers of {name}; it is graded with those of Kim b (s2)"
    assert told in found["s2"]["remarks"]
    assert "its checks name the published numbers; it is" in found[f"s{other}"]["remarks"]
    assert "the numbers of Kim a (s1), and it is graded with these" in found["nobody"]["remarks"]
    # That is for the instructor: the student does not read it.
    assert "its checks name" in (book / "students.csv").read_text(encoding="utf-8-sig")
    assert "its checks name" not in (book / "moodle.csv").read_text(encoding="utf-8")
    with zipfile.ZipFile(book / "feedback.zip") as packed:
        assert not [n for n in packed.namelist() if b"its checks name" in packed.read(n)]


def test_the_grader_with_one_seed_for_all(room: Room, tmp_path: Path, capsys) -> None:
    variant = variants.of("autumn")
    hand_in(room, "a/04.ipynb", times(variant), variant)
    hand_in(room, "b/04.ipynb", 2, variants.of("spring"))
    output = tmp_path / "grades.csv"
    given = ["--output", str(output), "--seed", "autumn", *["--trust"] * bool(REFUSED)]
    assert run(room, *given) == 0
    first, second = csv.DictReader(io.StringIO(output.read_text(encoding="utf-8-sig")))
    assert (first["90.1"], second["90.1"]) == ("1", "0")
    told = (
        "its checks name numbers of no copy of this seed; it is graded with those of all students"
    )
    assert told in second["remarks"]


def test_wrong_calls_of_the_grader(room: Room, capsys) -> None:
    room.hand_in("a/04.ipynb")
    for given, told in (
        (["--per-student"], "--per-student needs the --seed of the copies"),
        (["--seed", "a", "--per-student"], "--per-student needs --roster and --gradebook"),
        (["--seed", " "], "the seed is empty"),
    ):
        with pytest.raises(SystemExit):
            run(room, *given)
        assert told in capsys.readouterr().err


def test_a_copy_with_numbers_of_its_own_is_not_exchanged_for_a_published_one(
    tmp_path: Path,
) -> None:
    """A student unpacks the archive, and ``make lab`` writes the published copies."""
    own = editions.build(notebooks.NOTEBOOKS, variants.of("autumn", "s1"))
    published = editions.build(notebooks.NOTEBOOKS)
    name = "05_glove.ipynb"
    for worked_in in ("", " "):
        folder = tmp_path / f"copies{worked_in}"
        folder.mkdir()
        (folder / name).write_text(own[name] + worked_in, encoding="utf-8")
        for _ in range(2):
            said = editions.write(published, folder)
            assert said == [f"With numbers of their own, so they stay: {name}"]
            assert (folder / name).read_text(encoding="utf-8") == own[name] + worked_in
            assert not list(folder.glob("*-newer*"))
    # An instructor who writes the class's copies gets others of the class, or leaves the old.
    fresh = tmp_path / "fresh"
    editions.write(own, fresh)
    other = editions.build(notebooks.NOTEBOOKS, variants.of("spring"))
    assert editions.write(other, fresh) == []
    assert (fresh / name).read_text(encoding="utf-8") == other[name]
