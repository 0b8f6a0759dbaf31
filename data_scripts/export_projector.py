"""Write a file of word vectors as the Embedding Projector reads it.

python data_scripts/export_projector.py vectors.txt projector/
python data_scripts/export_projector.py glove.6B.100d.txt projector/ --top 10000 --name glove
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from course_lib.projector import export
except ModuleNotFoundError:  # run from a checkout that is not installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from course_lib.projector import export

from course_lib.vectors import WordVectors

NEXT = """\
To look at them: open https://projector.tensorflow.org, "Load", and choose the two .tsv files;
or, without the network: tensorboard --logdir {folder}"""


def main(argv: list[str] | None = None) -> int:
    """Run the command: 0 if the files were written, 1 if not, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="export_projector.py", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, metavar="FILE", help="vectors: .txt, .vec or .bin")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="made if it is not there")
    parser.add_argument("--top", type=int, metavar="N", help="only the first N words of the file")
    parser.add_argument("--name", help="how the files begin (default: as FILE)")
    given = parser.parse_args(argv)
    if given.top is not None and given.top < 1:
        parser.error(f"--top is {given.top}; give 1 or more.")
    try:
        vectors = WordVectors.load(given.file)
        if given.top is not None:
            vectors = WordVectors(vectors.words[: given.top], vectors.matrix[: given.top])
        paths = export(vectors, given.folder, name=given.name or given.file.name.split(".")[0])
    except (OSError, ValueError) as error:
        print(f"Nothing was written: {error}", file=sys.stderr)
        return 1
    print(f"{len(vectors):,} words x {vectors.vector_size} dimensions:", *paths, sep="\n  ")
    print(NEXT.format(folder=given.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
