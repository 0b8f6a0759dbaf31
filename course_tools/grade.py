"""Grade a folder of notebooks: ``python -m course_tools.grade FOLDER``.

The answer to each exercise runs in a process of its own, sandboxed by bubblewrap, and the checks of
the master notebook run in another. The result is one CSV file with a row for each submission; on
request there are a row for each student, gradebooks and feedback too (``grading.take_home``).
``docs/grading.md`` says what this does not protect against.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from course_lib import runtime
from course_tools import notebooks, variants
from course_tools.grading import files, sandbox, submissions, take_home
from course_tools.grading.check import STARTUP, Verdict
from course_tools.grading.submissions import Submission, Task
from course_tools.grading.tables import harmless, rows, short, show, try_to_write, write

FROM_PATH = ("student", "number", "attempt", "late")  # columns: what the path of a file tells


@dataclass
class Grade:
    """The result of grading a submission.

    Attributes
    ----------
    submission : Submission
        The file.
    points : dict of str to int
        By exercise; every exercise of its master is there.
    messages : dict of str to str
        By exercise, why it has no points; nothing for those that are solved.
    hidden : set of str
        The exercises whose message came from a hidden test: no student sees those.
    flags : list of str
        What deserves a look, with the exercise; it costs no points.
    """

    submission: Submission
    points: dict[str, int] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    flags: list[str] = field(default_factory=list)


def grade(
    folder: Path,
    *,
    masters: Path | None = None,
    exercises: Sequence[str] = (),
    variant: Callable[[Submission], str] | None = None,
    seconds: float = 60,
    memory_mb: int = 2000,
    jobs: int = 1,
    trust: bool = False,
    said: Callable[[str], object] = str,
) -> list[Grade]:
    """Grade the notebooks below a folder, at any depth; every file has a result.

    Parameters
    ----------
    folder : Path
        All files are read before the first answer runs.
    masters : Path, optional
        The solved notebooks with the checks that count, ``notebooks/`` without it.
    exercises : sequence of str
        Those that count, such as ``"04.1"``, or ``"04"`` for a lesson; nothing for all.
    variant : callable, optional
        Gives the variant whose numbers a submission's exercises have; without it the published.
    seconds : float
        CPU time of the answer to one exercise, over all calls of its check; the limit of
        wall-clock time is ``sandbox.WALL_CLOCK_FACTOR`` times as long.
    memory_mb : int
        Memory limit of an answer, beyond the memory of the notebook's set-up.
    jobs : int
        Submissions graded at a time.
    trust : bool
        Run answers without a sandbox, as code of your own.
    said : callable
        Gets a line for each file that has no result, as no student made it.

    Returns
    -------
    list of Grade
        In the order of the files' names.

    Raises
    ------
    FileNotFoundError
        If the folder is not there or holds no file, or there are no masters.
    ValueError
        If a master is no solved notebook, or there is no such exercise.
    NoSandboxError
        If this machine cannot sandbox an answer, and ``trust`` is not set.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}.")
    masters = masters or notebooks.NOTEBOOKS
    known = submissions.masters(masters)
    counting = take_home.chosen(known, exercises)
    read = []
    for file in files.below(folder):
        if file.left:
            said(f"Not read: {harmless(file.path)}: {file.left}.")
        else:
            read.append(submissions.load(file, known))
    for one in read:  # whose notebook it is shows from all of its exercises
        one.master = counting[one.master.path.stem] if one.master else None
        if one.master and not one.master.tasks:
            one.remark = "none of its exercises counts (--exercises)"
        if one.master and variant:
            one.master = variants.of_master(one.master, variant(one))
    if not read:
        raise FileNotFoundError(f"no file in {folder}; give the folder of what was handed in.")
    hidden = (masters, folder, notebooks.NOTEBOOKS, notebooks.ROOT)
    command = [] if trust else sandbox.command(masters, hidden)
    common = {"seconds": seconds, "memory_mb": memory_mb, "sandbox": command}
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda submission: _grade_one(submission, common), read)
        return list(runtime.progress(found, total=len(read), unit="file"))


def _grade_one(submission: Submission, common: dict[str, object]) -> Grade:
    found = Grade(submission)
    master = submission.master
    if master is None:
        return found
    left = list(master.tasks)
    while left:
        for task, said in _verdicts(submission, left, common):
            found.points[task.number] = task.points if said.passed else 0
            if not said.passed:
                found.messages[task.number] = said.message
            if said.hidden:
                found.hidden.add(task.number)
            found.flags += [f"{task.number} {flag}" for flag in said.flags]
            if submission.says_correct(task.number) and not said.passed:
                found.flags.append(f"{task.number} correct in the notebook")
        left = [task for task in left if task.number not in found.points]
        if left:  # the checker is gone: one exercise is lost, and a new checker takes the rest
            found.points[left[0].number] = 0
            found.messages[left[0].number] = "the check itself did not end"
            left = left[1:]
    return found


def _verdicts(
    submission: Submission, tasks: list[Task], common: dict[str, object]
) -> Iterator[tuple[Task, Verdict]]:
    """Yield the verdicts of one checker until it ends or fails."""
    exercises = []
    for task in tasks:
        exercises.append(
            {"number": task.number, "name": task.name, "check": task.check}
            | {"readings": submission.readings(task), "solution": task.solution}
        )
    job = {
        **common,
        "setup": submission.master.setup,
        "folder": str(submission.master.path.resolve().parent),
        "exercises": exercises,
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        child = sandbox.Child("course_tools.grading.check", Path(home))
        try:
            child.send(job)
            for task in tasks:
                # More than the checker itself allows an answer: this is for a check that hangs.
                most = 2 * STARTUP + sandbox.WALL_CLOCK_FACTOR * common["seconds"]
                with child.at_most(3 * most):  # three readings
                    verdict = Verdict(*child.receive())
                yield task, verdict
        except (EOFError, OSError, ValueError):
            return
        finally:
            child.close(grace=5)


def table(grades: Iterable[Grade]) -> str:
    """Return the CSV, a row for each file.

    Its columns are submission, notebook, points, maximum, one for each exercise, remarks, and what
    the path tells: student, number (of an export), attempt, late; at the end flags.
    """
    grades = list(grades)
    numbers = sorted(
        {number for one in grades for number in one.points},
        key=lambda n: (n[:2], int(n.partition(".")[2])),
    )
    lines: list[list[object]] = [
        ["submission", "notebook", "points", "maximum", *numbers, "remarks", *FROM_PATH, "flags"]
    ]
    for one in grades:
        master = one.submission.master
        remarks = [one.submission.remark] if one.submission.remark else []
        remarks += [f"{number}: {short(message)}" for number, message in one.messages.items()]
        lines.append(
            [
                harmless(one.submission.path),
                harmless(master.path.stem if master else ""),
                sum(one.points.values()),
                master.maximum if master else "",
                *(one.points.get(number, "") for number in numbers),
                harmless(" | ".join(remarks)),
                harmless(one.submission.student),
                one.submission.number,
                one.submission.attempt,
                "yes" if one.submission.late else "",
                harmless(" | ".join(one.flags)),
            ]
        )
    return rows(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if the table went elsewhere, 2 if no answer was run."""
    parser = argparse.ArgumentParser(prog="course_tools.grade", description=__doc__)
    parser.add_argument("folder", type=Path, help="every file below it is read")
    parser.add_argument("--output", type=Path, default=Path("grades.csv"), help="the CSV file")
    parser.add_argument("--masters", type=Path, default=notebooks.NOTEBOOKS, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=60, help="processor time for one exercise")
    parser.add_argument("--memory-mb", type=int, default=2000, help="for one exercise")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    parser.add_argument("--trust", action="store_true", help="run answers with all your rights")
    take_home.add_options(parser)
    given = parser.parse_args(arguments)
    for name in ("seconds", "memory_mb", "jobs"):
        if getattr(given, name) <= 0:
            parser.error(f"--{name.replace('_', '-')} is {getattr(given, name)}; give more than 0.")
    if given.output.is_dir():
        parser.error(f"--output {given.output} is a folder; give a file.")
    try:
        try_to_write(given.output)
    except OSError as error:
        parser.error(
            f"--output {given.output} cannot be written ({error.strerror or error}); close it "
            "where it is open, or give another file."
        )
    try:
        plan = take_home.plan(given)
        grades = grade(
            given.folder,
            masters=given.masters,
            exercises=given.exercises,
            variant=take_home.numbers(given, plan),
            seconds=given.seconds,
            memory_mb=given.memory_mb,
            jobs=given.jobs,
            trust=given.trust,
            said=print,
        )
    except (FileNotFoundError, ValueError, sandbox.NoSandboxError) as error:
        parser.error(str(error))
    # Spreadsheets take a CSV without this mark for one in the encoding of the country.
    written = write(given.output, f"\ufeff{table(grades)}".encode())
    if written is None:
        show(table(grades))
    plural = "" if len(grades) == 1 else "s"
    print(f"{len(grades)} file{plural} in {written or 'the table above'}.")
    for one in grades:
        if one.submission.master is None:
            print(f"No points: {harmless(one.submission.path)}: {harmless(one.submission.remark)}.")
    print(f"Answers ran {'with all your rights (--trust)' if given.trust else 'in a sandbox'}.")
    done = plan is None or take_home.write_all(
        plan, grades, given.folder, given.masters if given.exercises else None, given.exercises
    )
    return int(written != given.output or not done)


if __name__ == "__main__":
    sys.exit(main())
