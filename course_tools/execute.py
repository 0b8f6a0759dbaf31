"""Run notebooks without a browser, print a table, keep the executed copies.

``python -m course_tools.execute`` runs all of them and leaves the copies in
``build/``; a notebook that fails is kept there too, with its error. ``--in-place 04`` stores
the outputs in ``notebooks/`` instead, once every cell of the notebook has passed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from course_lib import runtime
from course_tools import notebooks

# The stored outputs of these are made on the data a person has fetched; of all others on the
# text that ships, so that they can be made again anywhere.
REAL_DATA = frozenset({"07", "08", "13"})

_SOURCES = """
import json, sys
_datasets = sys.modules.get("course_lib.datasets")
print(json.dumps(_datasets.used() if _datasets else {}, default=str))
"""
WIDGET = "application/vnd.jupyter.widget-view+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Result:
    """The result of one notebook; ``error`` is empty if it passed."""

    path: Path
    passed_cells: int
    cells: int
    seconds: float
    error: str
    sources: dict[str, str]

    @property
    def data(self) -> str:
        """The data sources as ``embedded: lee, wikipedia; mirror: men``."""
        by_source: dict[str, list[str]] = {}
        for name, source in sorted(self.sources.items()):
            by_source.setdefault(str(source), []).append(name)
        return "; ".join(
            f"{source}: {', '.join(by_source[source])}" for source in sorted(by_source)
        )


class ThisInterpreter(KernelSpecManager):
    """Provides the running interpreter, whatever kernels the machine has registered."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of ``sys.executable``."""
        from ipykernel.kernelspec import RESOURCES, get_kernel_dict

        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def client(notebook: NotebookNode, *, timeout: int) -> NotebookClient:
    """Return a client whose kernel is this interpreter; it adds no time stamps, no widgets."""
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisInterpreter())
    return NotebookClient(
        notebook,
        km=manager,
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
    )


async def run(
    path: Path, *, environment: dict[str, str], timeout: int = 600
) -> tuple[NotebookNode, Result]:
    """Run one notebook in its own folder.

    Parameters
    ----------
    path : Path
        The notebook; the file itself is left as it is.
    environment : dict
        The kernel's environment variables.
    timeout : int
        Seconds that one cell may take.

    Returns
    -------
    NotebookNode, Result
        The executed notebook, up to the first cell that failed; and what is to be reported.
    """
    notebook = notebooks.read(path)
    for cell in notebooks.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    runner = client(notebook, timeout=timeout)
    start, error, sources, done = time.monotonic(), "", {}, 0
    last, raised = None, False
    kernel = {"env": environment, "cwd": str(path.resolve().parent), "cleanup_kc": True}
    try:
        async with runner.async_setup_kernel(**kernel):
            for index, last in enumerate(list(notebook.cells)):
                await runner.async_execute_cell(last, index)
                done += last.cell_type == "code"
            last = None
            sources = await _sources(runner)
    except CellExecutionError as failure:
        raised = True
        told = f"{failure.ename}: {failure.evalue}".splitlines() + _traceback_end(failure)
        error = "\n".join(told)
    except CellTimeoutError:
        error = f"the cell took more than {timeout} s"
    except (DeadKernelError, RuntimeError) as failure:
        error = f"the kernel stopped: {failure}"
    if error and last is not None:
        error = f"cell {last.id}: {error}"
        if not raised:  # the copy shows it too
            last.outputs.append(new_output("error", ename="", evalue=error, traceback=[error]))
    tidy(notebook)
    total = len(notebooks.code_cells(notebook))
    return notebook, Result(path, done, total, time.monotonic() - start, error, sources)


def _traceback_end(failure: CellExecutionError, lines: int = 6) -> list[str]:
    """Return the last lines of a traceback, without colours."""
    text = _ANSI.sub("", failure.traceback).strip().splitlines()
    return [f"    {line}" for line in text[-lines:]]


async def _sources(runner: NotebookClient) -> dict[str, str]:
    """Ask the kernel which data sets it has loaded and where from; no cell is left behind."""
    cell = new_code_cell(_SOURCES)
    runner.nb.cells.append(cell)
    try:
        await runner.async_execute_cell(cell, len(runner.nb.cells) - 1, store_history=False)
        return json.loads(cell.outputs[0].text)
    except (CellExecutionError, IndexError, ValueError):
        return {"?": "unknown"}
    finally:
        runner.nb.cells.pop()


def tidy(notebook: NotebookNode) -> None:
    """Remove from an executed notebook what differs from machine to machine."""
    course = notebook.metadata.get("course")
    notebook.metadata = {**notebooks.METADATA, **({"course": course} if course else {})}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        merged: list[NotebookNode] = []
        for output in cell.outputs:
            if len(output.get("data", {})) > 1:
                # Its kernel is gone: a page would show "model not found" instead of the rest.
                output.data.pop(WIDGET, None)
            before = merged[-1] if merged else None
            both_text = before is not None and {before.output_type, output.output_type} == {
                "stream"
            }
            if both_text and before.name == output.name:
                before.text += output.text  # how a long text was cut depends on time
            else:
                merged.append(output)
        cell.outputs = merged


async def run_all(
    paths: Sequence[Path],
    *,
    output: Path,
    in_place: bool = False,
    profile: str = "laptop",
    jobs: int = 1,
    timeout: int = 600,
) -> list[Result]:
    """Run notebooks, at most ``jobs`` at a time, and write the executed copies."""
    gate = asyncio.Semaphore(jobs)
    empty = tempfile.TemporaryDirectory()

    async def one(path: Path) -> Result:
        environment = notebooks.headless(profile)
        if in_place and path.name[:2] not in REAL_DATA:
            environment.pop("COURSE_DATA_MIRROR", None)
            environment["COURSE_DATA_CACHE"] = empty.name
        try:
            async with gate:
                notebook, result = await run(path, environment=environment, timeout=timeout)
            stored = in_place and not result.error
            notebooks.write(path if stored else output / path.name, notebook)
        except ValueError as error:  # the file is no notebook; the others run all the same
            result = Result(path, 0, 0, 0.0, str(error), {})
        print(f"{'FAILED' if result.error else 'passed'}  {path.name}", flush=True)
        return result

    with empty:
        return list(await asyncio.gather(*map(one, paths)))


def table(results: Sequence[Result]) -> str:
    """Return the table: notebook, cells, seconds, passed or FAILED, data sources."""
    rows = [("notebook", "cells", "seconds", "result", "data")]
    for r in results:
        verdict = "FAILED" if r.error else "passed"
        cells = f"{r.passed_cells} of {r.cells}" if r.error else f"{r.cells}"
        rows.append((r.path.stem, cells, f"{r.seconds:.1f}", verdict, r.data))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = []
    for name, cells, seconds, verdict, data in rows:
        line = f"{name:<{widths[0]}}  {cells:>{widths[1]}}  {seconds:>{widths[2]}}"
        lines.append(f"{line}  {verdict:<{widths[3]}}  {data}".rstrip())
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 if all passed, 1 if a notebook failed, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="course_tools.execute", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="numbers (04) or paths; none: all")
    parser.add_argument("--only", action="append", default=[], metavar="NN", help="one number")
    parser.add_argument("--in-place", action="store_true", help="store outputs in notebooks/")
    parser.add_argument("--output", type=Path, default=notebooks.ROOT / "build", help="copies")
    parser.add_argument("--profile", choices=runtime.PROFILES, help="instead of COURSE_PROFILE")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one cell")
    given = parser.parse_args(arguments)
    profile = given.profile or runtime.profile().name
    if given.in_place and profile != "laptop":
        parser.error(f"stored outputs belong to the laptop profile, not to {profile!r}.")
    if given.jobs < 1:
        parser.error(f"--jobs is {given.jobs}; give 1 or more.")
    try:
        paths = notebooks.find([*given.only, *given.notebooks])
    except FileNotFoundError as error:
        parser.error(str(error))
    results = asyncio.run(
        run_all(
            paths,
            output=given.output,
            in_place=given.in_place,
            profile=profile,
            jobs=given.jobs,
            timeout=given.timeout,
        )
    )
    failed = [result for result in results if result.error]
    for result in failed:
        print(f"\n{result.path.name}, {result.error}")
    passed = len(results) - len(failed)
    print(f"\n{table(results)}\n{passed} of {len(results)} passed, profile {profile}.")
    if not given.in_place or failed:
        print(f"Executed copies: {given.output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
