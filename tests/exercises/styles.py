"""Ways to write an answer down: all that get "correct" in a notebook, and what cannot be taken.

Each is a list of cells that define ``times_2`` (helpers end in ``_2``); a file for another exercise
has another number in place of each 2 that stands behind an underline.
"""

from __future__ import annotations

STUB = "def times_2(x):\n    raise NotImplementedError('your turn: Times')"
WRONG = "def times_2(x):\n    return x + 100"
N = "N = int('times_2'[-1])\n"  # the number, so that one text serves all exercises

HONEST = {
    "as asked": ["def times_2(x):\n    return int('_2'[1]) * x"],
    "a failed try, and the right one below": [WRONG, N + "def times_2(x):\n    return N * x"],
    "a failed try twice, in one cell": [
        N + WRONG + "\nprint(times_2(1))\ndef times_2(x):\n    return N * x"
    ],
    "the stub stays below": [N + "def times_2(x):\n    return N * x", STUB],
    "a helper in its own cell": [
        "def half_2(x):\n    return int('_2'[1]) * x / 2",
        "def times_2(x):\n    return half_2(x) * 2",
    ],
    "a helper below": [
        "def times_2(x):\n    return half_2(x) * 2",
        "def half_2(x):\n    return int('_2'[1]) * x / 2",
    ],
    "split after its imports": [
        "import math\nfrom operator import mul as by_2",
        "def times_2(x):\n    return by_2(math.floor(2.0) * int('_2'[1]) / 2, x)",
    ],
    "a computed constant": [
        "K_2 = len('ab') * int('_2'[1])\nHALF_2 = K_2 / 2",
        "def times_2(x):\n    return HALF_2 * x",
    ],
    "a lambda": ["times_2 = lambda x: int('_2'[1]) * x"],
    "a lambda as helper": [
        "by_2 = lambda x: int('_2'[1]) * x",
        "def times_2(x):\n    return by_2(x)",
    ],
    "under if": [
        "if True:\n    def times_2(x):\n        return int('_2'[1]) * x\n    print(times_2(1))"
    ],
    "under if name is main": [
        "if __name__ == '__main__':\n"
        "    K_2 = int('_2'[1])\n    def times_2(x):\n        return K_2 * x\n"
        "else:\n    K_2 = 0"
    ],
    "in either branch": [
        "FAST_2 = False",
        "if FAST_2:\n    def times_2(x):\n        return 0\n"
        "else:\n    def times_2(x):\n        return int('_2'[1]) * x",
    ],
    "under try": [
        "try:\n    import not_there as fast_2\nexcept ImportError:\n    fast_2 = None",
        "def times_2(x):\n    return int('_2'[1]) * x if fast_2 is None else 0",
    ],
    "time": ["%%time\ndef times_2(x):\n    return int('_2'[1]) * x"],
    "capture": [
        "%%capture out\n%%time\nimport math as m_2\nprint('x')",
        "%%capture\ndef times_2(x):\n    return m_2.floor(int('_2'[1]) * x)",
    ],
    "ends in a question": ["def times_2(x):\n    return int('_2'[1]) * x\n\ntimes_2?"],
    "magics between": [
        "%cd -q .\nfiles = !ls\n%time K_2 = int('_2'[1])\n!true",
        "def times_2(x):\n    return K_2 * x",
    ],
    "a decorator": [
        "import functools\ndef noted_2(f):\n    @functools.wraps(f)\n    def g(x):\n"
        "        CALLS_2.append(x)\n        return f(x)\n    return g\nCALLS_2 = []",
        "@noted_2\n@functools.lru_cache\ndef times_2(x):\n    return int('_2'[1]) * x",
    ],
    "a class": [
        "class Base_2:\n    k = int('_2'[1])",
        "class Times_2(Base_2):\n    def __call__(self, x):\n        return self.k * x",
        "times_2 = Times_2()",
    ],
    "a static method": [
        "class T_2:\n    @staticmethod\n    def by(x):\n        return int('_2'[1]) * x\n"
        "times_2 = T_2.by",
    ],
    "a type alias": [
        "import numpy as np\nNumber_2 = float | np.ndarray",
        "def times_2(x: Number_2) -> Number_2:\n    return int('_2'[1]) * x",
    ],
    "annotations of later": [
        "from __future__ import annotations\nimport math",
        "def times_2(x: NotThere) -> NotThere:\n    return int('_2'[1]) * x",
    ],
    "a walrus": [
        "print(K_2 := int('_2'[1]))\nif (more_2 := K_2 + 0) > 100:\n    K_2 = 0",
        "def times_2(x):\n    return more_2 * x",
    ],
    "a table that grows": [
        "TABLE_2 = {}\nfor n in range(3):\n    TABLE_2[n] = n\n    print(n)",
        "TABLE_2['k'] = int('_2'[1])\nROWS_2 = [0]\nROWS_2.append(1)\nROWS_2[0] += 3",
        "def times_2(x):\n    return TABLE_2['k'] * x + ROWS_2[0] - 3 * ROWS_2[1]",
    ],
    "a counter": [
        "calls_2 = 0",
        "def times_2(x):\n    global calls_2\n    calls_2 += 1\n    return int('_2'[1]) * x",
    ],
    "all of a module": [
        "from math import *",
        "def times_2(x):\n    return floor(int('_2'[1]) * x)",
    ],
    "recursion through a helper": [
        "def odd_2(n, x):\n    return x + even_2(n - 1, x) if n else 0",
        "def even_2(n, x):\n    return x + odd_2(n - 1, x) if n else 0",
        "def times_2(x):\n    return even_2(int('_2'[1]), x)",
    ],
    "nested functions": [
        "def times_2(x):\n    k = int('_2'[1])\n    def inner():\n        nonlocal k\n"
        "        k = k * x\n        return k\n    return inner()"
    ],
    "an earlier name is used again": [
        "K_2 = int('_2'[1])\nby_2 = lambda x, k=K_2: k * x\nK_2 = 7",
        "def times_2(x):\n    return by_2(x) + K_2 - 7",
    ],
    "an earlier function is wrapped": [
        "def times_2(x):\n    return int('_2'[1])",
        "old_2 = times_2\ndef times_2(x):\n    return old_2(x) * x",
    ],
    "a name of the set-up is written again": [
        "def os(x):\n    return int('_2'[1]) * x",
        "def times_2(x):\n    return os(x)",
    ],
    "a builtin is written again": [
        "def sum(x):\n    return int('_2'[1]) * x",
        "def times_2(x):\n    return sum(x)",
    ],
    "partial": [
        "from functools import partial",
        "def by_2(x, k):\n    return k * x\ntimes_2 = partial(by_2, k=int('_2'[1]))",
    ],
    "a with block": [
        "import numpy as np\nwith np.errstate(divide='ignore'):\n    K_2 = int('_2'[1])",
        "def times_2(x):\n    return K_2 * x",
    ],
    "a loop that computes": [
        "K_2 = 0\nfor _ in range(int('_2'[1])):\n    K_2 += 1\nwhile K_2 > 99:\n    K_2 -= 1",
        "def times_2(x):\n    return K_2 * x",
    ],
    "a case": [
        "match 1:\n    case 1:\n        K_2 = int('_2'[1])\n    case _:\n        K_2 = 0",
        "def times_2(x):\n    return K_2 * x",
    ],
    "two at once": ["(times_2, K_2) = (lambda x: K_2 * x, int('_2'[1]))"],
    "shown while it runs": ["def times_2(x):\n    display(x)\n    return int('_2'[1]) * x"],
    "an attribute of the function": [
        "def times_2(x):\n    return times_2.k * x",
        "times_2.k = int('_2'[1])",
    ],
    "a broken cell beside it": [
        "def times_2(x):\n    return int('_2'[1]) x",
        "def times_2(x):\n    return int('_2'[1]) * x",
    ],
    "indented as a whole": ["    def times_2(x):\n        return int('_2'[1]) * x"],
    "pasted with its prompts": [">>> def times_2(x):\n...     return int('_2'[1]) * x"],
    "time before a line of a block": [
        "for _ in range(1):\n    %time K_2 = int('_2'[1])",
        "def times_2(x):\n    return K_2 * x",
    ],
    "a text with ends of lines of its own": [
        "TEXT_2 = 'a\u2028\x0c'\ndef times_2(x):\n    return int('_2'[1]) * x"
    ],
    "all of a module, also what hides a builtin": [
        "from numpy import *",
        "def times_2(x):\n    return sum(array([[x] * int('_2'[1])]), axis=1)[0]",
    ],
    "what a module goes by is set": [
        "import math, sys\nmath.k_2 = int('_2'[1])\nsys.setrecursionlimit(9_000)",
        "def times_2(x, n=4_000):\n    return times_2(x, n - 1) if n else math.k_2 * x",
    ],
    "a function sets a global": [
        "def begin_2():\n    global K_2\n    K_2 = int('_2'[1])\nbegin_2()",
        "def times_2(x):\n    return K_2 * x",
    ],
    "a function fills a table": [
        "TABLE_2, ROWS_2 = {}, []\ndef fill_2(table):\n    table['k'] = int('_2'[1])\n"
        "    ROWS_2.append(3)\nfill_2(TABLE_2)",
        "def times_2(x):\n    return TABLE_2['k'] * x + ROWS_2[0] - 3",
    ],
    "changed beside its use": [
        "ROWS_2 = []\n[ROWS_2.append(n) for n in (int('_2'[1]), 5)]\nlast_2 = ROWS_2.pop()",
        "steps_2 = iter([0, 1])\nfirst_2 = next(steps_2)",
        "def times_2(x):\n    return ROWS_2[-1] * x + next(steps_2, 0) * 0 + last_2 - 5",
    ],
    "own functions at work in a loop": [
        "TABLE_2 = {}\ndef note_2(table, n):\n    table[n] = n\n"
        "for n in range(4):\n    note_2(TABLE_2, n)\n    print(n)",
        "def times_2(x):\n    return int('_2'[1]) * x + TABLE_2[3] - 3",
    ],
    "a method sets what the object holds": [
        "class Held_2:\n    def begin(self):\n        self.k = int('_2'[1])\n        return 'ok'",
        "held_2 = Held_2()\nprint(held_2.begin())",
        "def times_2(x):\n    return held_2.k * x",
    ],
    "a decorator that notes": [
        "NOTED_2 = {}\nLIST_2 = []\ndef note_2(name):\n    def inner(f):\n"
        "        NOTED_2[name] = f\n        return f\n    return inner",
        "@note_2('by')\ndef by_2(x):\n    return int('_2'[1]) * x\n"
        "@LIST_2.append\ndef none_2(x):\n    return 0",
        "def times_2(x):\n    return NOTED_2['by'](x) + LIST_2[0](x)",
    ],
    "in place": [
        "import numpy as np, torch\nROW_2 = np.zeros(2)\nnp.add(ROW_2, int('_2'[1]), out=ROW_2)\n"
        "w_2 = torch.zeros(1)\nshown_2 = torch.nn.init.constant_(w_2, 5)",
        "def times_2(x):\n    return ROW_2[1] * x + w_2.item() - 5",
    ],
    "in the handler of an error": [
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    K_2 = int('_2'[1])",
        "def times_2(x):\n    return K_2 * x",
    ],
    "a helper that is called like a reader": [
        "def read_k_2(text):\n    return int(text[1])",
        "def times_2(x):\n    return read_k_2('_2') * x",
    ],
    "single dispatch": [
        "from functools import singledispatch\n@singledispatch\ndef times_2(x):\n"
        "    raise TypeError(x)",
        "@times_2.register\ndef _(x: int):\n    return int('_2'[1]) * x",
    ],
    "under with, in a loop": [
        "import contextlib\nwith contextlib.suppress(OSError):\n    for k_2 in range(3):\n"
        "        def times_2(x, k=k_2):\n            return k * x * int('_2'[1]) / 2"
    ],
    "a dead line": [
        "def times_2(x):\n    return int('_2'[1]) * x\n    never_defined_anywhere(x)",
    ],
}

RIGHT = "def times_2(x):\n    return K_2 * x"
REFUSED = {
    "trained": [
        ["class Net_2:\n    def fit(self):\n        return 2\nK_2 = Net_2().fit()", RIGHT],
        "times_2 needs K_2, made by fit(…): what is trained, loaded, read or typed in is not",
    ],
    "read from a file": [
        ["from pathlib import Path\nK_2 = len(Path('/dev/null').read_text()) + 2", RIGHT],
        "times_2 needs K_2, made by read_text(…): what is trained, loaded, read or typed in is",
    ],
    "a file read inside": [
        ["def times_2(x):\n    return 2 * x + len(open('/dev/null').read())"],
        "times_2 needs times_2, made by open(…): what is trained, loaded, read or typed in is",
    ],
    "a result of Jupyter": [
        ["2", "times_2 = lambda x: _ * x"],
        "times_2 needs _, which belongs to the running notebook",
    ],
    "a command of the system": [
        ["words_2 = !echo a b", "def times_2(x):\n    return x * (len(words_2[0].split()))"],
        "times_2 needs get_ipython, which belongs to the running notebook",
    ],
    "a module of one's own": [
        ["import own_module_of_mine as own", "def times_2(x):\n    return own.K * x"],
        "it imports own_module_of_mine, which is no part of the course and is not there when",
    ],
    "another name": [
        ["def my_times_2(x):\n    return 2 * x"],
        "no cell defines a function times_2; give it the name that the exercise asks for",
    ],
    "by exec": [
        ["exec('K_2 = 2')", RIGHT],
        "your function stopped with NameError: name 'K_2' is not defined: the answer",
    ],
    "by globals": [
        ["globals()['times_2'] = lambda x: 2 * x"],
        "no cell defines a function times_2; give it the name that the exercise asks for",
    ],
}
