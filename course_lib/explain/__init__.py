"""Source listings for the notebooks."""

from course_lib.explain.source import show_source
