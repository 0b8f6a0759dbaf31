"""For checks of answers that are letters: an order of given lines, and one choice of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from course_exercises.expect import expect, expect_type
from course_exercises.variants import renamed


def assembled(order: Any, lines: Mapping[str, str], arguments: str) -> Any:
    """Return the function whose body is the given lines in the learner's order.

    Parameters
    ----------
    order : object
        What the answer returned: a string of letters, such as ``"BCAD"``. Blanks and commas are
        passed over.
    lines : mapping of str to str
        The lines by letter, each with its indentation within the body. Lines that are not needed
        may be among them.
    arguments : str
        The function's arguments as they stand in a ``def``.

    Raises
    ------
    WrongAnswer
        If the order is no string of those letters, or the lines in this order are no Python.
    """
    expect_type(order, str, "the order")
    letters = [letter for letter in order.upper() if letter not in " ,\n"]
    unknown = sorted(set(letters) - set(lines))
    known = ", ".join(lines)
    expect(not unknown, f"there is no line {', '.join(unknown)}; the lines are {known}.")
    expect(letters, f"the order is empty; name the lines one after the other, of {known}.")
    twice = sorted({letter for letter in letters if letters.count(letter) > 1})
    expect(not twice, f"line {', '.join(twice)} stands more than once.")
    body = "\n".join(f"    {lines[letter]}" for letter in letters)
    space: dict[str, Any] = {}
    try:
        exec(compile(f"def program({arguments}):\n{body}\n", "<your order>", "exec"), space)
    except SyntaxError as error:
        line = letters[max((error.lineno or 2) - 2, 0)] if (error.lineno or 2) > 1 else letters[0]
        expect(False, f"in this order the lines are no Python: {error.msg}, at line {line}.")
    return space["program"]


def expect_lines(
    order: str,
    lines: Mapping[str, str],
    *,
    unneeded: Mapping[str, str] | None = None,
    last: str = "",
) -> str:
    """Expect every line that is needed, none that is not, and the return at the end.

    Parameters
    ----------
    order : str
        What :func:`assembled` has taken.
    lines : mapping of str to str
        As there.
    unneeded : mapping of str to str, optional
        For each line that is not needed, what speaks against it.
    last : str
        The letter of the line with ``return``; empty where there is none.

    Returns
    -------
    str
        The letters alone.
    """
    unneeded = unneeded or {}
    letters = "".join(letter for letter in order.upper() if letter in lines)
    for letter, reason in unneeded.items():
        expect(letter not in letters, f"line {letter} {reason}")
    needed = [letter for letter in lines if letter not in unneeded]
    missing = ", ".join(letter for letter in needed if letter not in letters)
    expect(not missing, f"line {missing} is missing: {len(needed)} lines are needed.")
    expect(
        not last or letters[-1] == last,
        f"return ends the function at once, so line {last} stands last.",
    )
    return letters


def expect_choice(got: Any, right: str, wrong: Mapping[str, str], *, order: str = "") -> None:
    """Expect the right one of several letters or words.

    Parameters
    ----------
    got : object
        What the answer returned; capitals and blanks around it do not count.
    right : str
    wrong : mapping of str to str
        For each other choice, what speaks against it.
    order : str
        The published letters in the order in which a copy shows them; empty for the published one.
    """
    expect_type(got, str, "the choice")
    if order:
        right = renamed(right, order)
        wrong = {renamed(choice, order): reason for choice, reason in wrong.items()}
    said = {choice.casefold(): reason for choice, reason in wrong.items()}
    chosen = got.strip().casefold()
    if chosen == right.casefold():
        return
    known = ", ".join(sorted([right, *wrong]))
    expect(chosen in said, f"{got!r} is none of the choices: {known}.")
    expect(False, f"not {got.strip()}: {said[chosen]}")
