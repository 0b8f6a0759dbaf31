"""The shared library of the word-embedding course.

The package does nothing when it is imported: each notebook imports the modules it needs,
and each module imports PyTorch and the like where it uses them.
"""

__version__ = "0.1.0"
