"""Proof that every exercise tells right answers from wrong ones."""

import pytest

pytest.register_assert_rewrite("exercises.proof")  # so that a failure says what was told
