"""What the notebooks use to explain themselves: the source that runs, and sliders."""

from course_lib.explain.source import show_source

__all__ = ["show_source"]
