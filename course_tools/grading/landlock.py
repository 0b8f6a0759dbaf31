"""Linux's Landlock: a process gives up access to files, for itself and all it starts, for good.

It needs no rights and no programs, only a kernel from 5.13 on with Landlock switched on.
Source: the kernel's documentation, "Landlock: unprivileged access control".
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls; the numbers are those of every machine
_NO_NEW_PRIVILEGES = 38  # of prctl
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_ON_FILES = (
    1 << 0 | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
)  # execute, write, read, truncate, ioctl
_EXECUTE = 1 << 0


def version() -> int:
    """Return the kernel's version of Landlock, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(_CREATE, None, ctypes.c_size_t(0), 1))


def restrict(read: Iterable[Path], write: Iterable[Path]) -> bool:
    """Allow this process nothing but reading and writing below some paths.

    It may start no program, and, where the kernel knows how, send no signal to and open no TCP
    connection with anything outside.

    Returns
    -------
    bool
        False where the kernel cannot do it; then nothing has changed.
    """
    known = version()
    if not known:
        return False
    rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(known, 16)) - 1
    attributes = struct.pack("QQQ", rights, 0b11 if known >= 4 else 0, 0b11 if known >= 6 else 0)
    attributes = attributes[: 8 if known < 4 else 16 if known < 6 else 24]
    libc = ctypes.CDLL(None, use_errno=True)
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    try:
        for path in read:
            _allow(libc, rules, path, _READ_FILE | _READ_FOLDER)
        for path in write:
            _allow(libc, rules, path, rights & ~_EXECUTE)
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        return libc.syscall(_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        rights &= _ON_FILES
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        libc.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
