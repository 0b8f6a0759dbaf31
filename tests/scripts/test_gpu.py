"""benchmarks/gpu.py: every part for seconds, with the packages that it asks for and no others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """
import importlib.util, runpy, sys
ABSENT = set("gensim IPython matplotlib nbformat numba plotly pooch psutil sklearn tqdm".split())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in ABSENT else find(name, *more)
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"{name} was asked for")
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rsplit("/", 1)[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, (ROOT / "benchmarks" / "gpu.py").as_posix()]
    return subprocess.run([*command, *arguments], capture_output=True, text=True)


def test_all_parts_run_without_what_they_do_not_need(tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "gpu.json"
    text.write_text("the cat sat on the mat\nit saw the dog there and ran away\n" * 200, "utf-8")
    done = run("--quick", "--text", str(text), "--output", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert {"gensim", "numba", "tqdm"} == set(found["absent"])
    for part in ("tests", "static", "embedding", "training", "perplexity"):
        assert found[part], part
        assert not any("failed" in row for row in found[part])


def test_figures_of_the_quick_run_are_not_recorded() -> None:
    done = run("--quick")
    assert done.returncode == 2 and "--output" in done.stderr
