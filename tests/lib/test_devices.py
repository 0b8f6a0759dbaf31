"""Every call that takes a device, on a GPU where there is one, and on one that only seems so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import device_calls
import numpy as np
import pytest
import torch


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("name", device_calls.CALLS)
def test_a_call_runs_on_a_gpu(name: str) -> None:
    found = device_calls.CALLS[name]("cuda")
    assert np.isfinite(found).all()
    if name not in device_calls.DRAWN:
        wanted = device_calls.CALLS[name]("cpu")
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


def test_no_call_mixes_devices() -> None:
    """In a process of its own, since the second device changes torch for all of it."""
    checks = Path(__file__).with_name("second_device_checks.py")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(checks)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
