"""Source listings and explorables for the notebooks."""

from course_lib.explain.explorable import Explorable, packed
from course_lib.explain.source import show_source
