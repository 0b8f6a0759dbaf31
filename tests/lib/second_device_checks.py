"""What test_devices runs in a process of its own: all calls on a device that only seems one."""

from __future__ import annotations

import device_calls
import numpy as np
import pytest
import second_device
import torch

from course_lib import elmo
from course_lib.bilm import BiLM
from course_lib.charcnn import CharCNN

# Its LSTM is a kernel that torch has for GPUs alone.
NAMES = [name for name in device_calls.CALLS if name != "classify.fit, ConvLSTM"]


@pytest.mark.parametrize("name", NAMES)
def test_a_call_gives_on_the_second_device_what_it_gives_on_the_processor(name: str) -> None:
    wanted = device_calls.CALLS[name]("cpu")
    with second_device.SecondDevice():
        found = device_calls.CALLS[name](second_device.NAME)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_state_on_the_processor_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = [(torch.zeros(2, 4, 6), torch.zeros(2, 4, 8))] * 2
    monkeypatch.setattr(BiLM, "initial_state", lambda self, batch: zeros)
    with second_device.SecondDevice(), pytest.raises(RuntimeError, match="and on cpu"):
        device_calls.embed(second_device.NAME)


def test_ids_on_the_processor_are_noticed() -> None:
    with second_device.SecondDevice():
        cnn: CharCNN = device_calls.bilm().characters.to(second_device.NAME)
        with pytest.raises(RuntimeError, match="and on cpu"):
            cnn.convolved(torch.ones(3, 12, dtype=torch.int64))
        ids = torch.ones(3, 12, dtype=torch.int64, device=second_device.NAME)
        assert cnn.convolved(ids).device.type == second_device.NAME


def test_a_mix_on_the_processor_is_noticed() -> None:
    with second_device.SecondDevice():
        layers, mask = elmo.Elmo(device_calls.bilm(), device=second_device.NAME).embed([["a"]])
        with pytest.raises(RuntimeError, match="and on cpu"):
            elmo.ScalarMix(3)(layers, mask)
