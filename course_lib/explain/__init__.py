"""Source listings and interactive sliders for the notebooks."""

from course_lib.explain.source import show_source
