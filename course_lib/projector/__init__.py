"""Visualization of vectors: projections, the explorer, files for the Embedding Projector."""

from course_lib.projector.explorer import Explorer
from course_lib.projector.files import export
from course_lib.projector.projections import METHODS, available, project
