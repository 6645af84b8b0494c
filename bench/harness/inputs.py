"""Makes what the cases work on, the same on every machine: text, a C file, keys, much code that runs once.

What a case asks for is only promised at first and made when the case is about to run (`prepare`); it is
kept in the work directory for the next run. The name of a file carries all that its content depends on.
"""

import hashlib
import itertools
import pathlib
import random
import subprocess

from . import keys


class Inputs:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._promised = {}  # path -> what writes it

    def _make(self, name, write):
        path = self.directory / name
        self._promised[str(path)] = write
        return str(path)

    def prepare(self, *paths):
        """Makes those of the paths that were promised and are not there yet."""
        for path in paths:
            if path in self._promised and not pathlib.Path(path).exists():
                part = pathlib.Path(path + ".part")
                self._promised[path](part)
                part.rename(path)

    def text(self, megabytes):
        """English-like text: words of very different frequency, lines, some numbers."""
        return self._make(f"text-{megabytes:g}.txt", lambda path: path.write_text(_text(megabytes)))

    def c_source(self, functions):
        return self._make(f"source-{functions}.i", lambda path: path.write_text(_c_source(functions)))

    def hello_source(self):
        program = '#include <stdio.h>\nint main(void) { return printf("hello\\n") != 6; }\n'
        return self._make("hello.c", lambda path: path.write_text(program))

    def filled_in(self, template, **values):
        """A script with its @NAMES@ replaced, for programs that take no arguments."""
        template = pathlib.Path(template)
        text = template.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name.upper()}@", str(value))
        tag = hashlib.sha256(text.encode()).hexdigest()[:12]  # a script that was edited is another one
        return self._make(f"{template.stem}-{tag}{template.suffix}", lambda path: path.write_text(text))

    def zeros(self, megabytes):
        """For work that does not depend on what is in the file: it takes no room on the disk."""
        def write(path):
            with open(path, "wb") as file:
                file.truncate(int(megabytes * 1e6))

        return self._make(f"zeros-{megabytes:g}", write)

    def rsa_key(self):
        return self._make("rsa-2048.pem", lambda path: path.write_text(keys.rsa_pem(2048)))

    def ec_key(self):
        return self._make("p-256.pem", lambda path: path.write_text(keys.p256_pem()))

    def code_run_once(self, functions, called=None, stays=False):
        """A program without libc whose functions all differ, `called` of them once (all, if not told).

        With `stays` it sleeps 50 ms at the end, so that its peak of memory can be read.
        """
        called = functions if called is None else called
        name = f"once-{functions}-{called}" + ("-stays" if stays else "")
        source = self._make(f"{name}.S", lambda path: path.write_text(_once_source(functions, called, stays)))

        def build(path):
            self.prepare(source)
            options = ["-nostdlib", "-static", "-no-pie", "-Wa,--noexecstack"]
            subprocess.run(["gcc", *options, "-o", str(path), source], check=True)

        return self._make(name, build)


def _text(megabytes):
    dice = random.Random(1)
    syllables = [c + v for c in "bcdfghklmnprstvw" for v in ("a", "e", "i", "o", "u", "an", "er", "st")]
    words = ["".join(dice.choices(syllables, k=dice.choice((1, 1, 2, 2, 3, 4)))) for _ in range(9000)]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    lines, size = [], 0
    while size < megabytes * 1e6:
        line = " ".join(dice.choices(words, cum_weights=weights, k=12)) + f" {dice.randrange(10000)}\n"
        lines.append(line)
        size += len(line)
    return "".join(lines)


def _c_source(functions):
    """Preprocessed C with what compilers have work with: loops, switches, structures, floating point."""
    dice = random.Random(2)
    out = ["typedef unsigned long u64;\nstruct node { struct node *next; u64 key; double weight; int tag; };\n",
           "extern u64 outside(u64); extern double root(double);\n"]
    for i in range(functions):
        a, b, c, d = (dice.randrange(3, 97) for _ in range(4))
        callee = f"f{dice.randrange(i)}" if i else "outside"
        cases = "".join(
            f"    case {k}: x = (x << {dice.randrange(1, 9)}) ^ (x * {dice.randrange(3, 99)}ul + n->key); break;\n"
            for k in range(dice.randrange(3, 9)))
        out.append(f"""
u64 {'f%d' % i}(u64 x) {{
  struct node local = {{0, x, {a}.5, {b}}};
  struct node *n = &local;
  u64 table[{d}];
  for (int i = 0; i < {d}; ++i) table[i] = x * i + {c};
  for (u64 i = 0; i < x % {a}; ++i) {{
    if (table[i % {d}] & 1) n->key += table[(i * {b}) % {d}] ^ i;
    else n->weight = n->weight * 1.{b} + root(n->weight + i);
    switch ((x + i) % 11) {{
{cases}    default: x += (u64)n->weight; break;
    }}
  }}
  while (n && n->tag > {c % 7}) {{ n->tag -= {1 + a % 3}; x ^= {callee}(x >> {1 + b % 31}); }}
  return x + local.key;
}}
""")
    return "".join(out)


SLEEP = """  push 50000000
  push 0
  mov rdi, rsp
  xor esi, esi
  mov eax, 35
  syscall
"""


def _once_source(functions, called, stays):
    """20 branches of 5 instructions a function, no two functions the same."""
    dice = random.Random(3)
    registers = ["rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14"]
    out = [".intel_syntax noprefix\n.text\n.globl _start\n_start:\n"]
    out += [f"  call f{i}\n" for i in range(called)]
    out.append((SLEEP if stays else "") + "  mov eax, 60\n  xor edi, edi\n  syscall\n")
    for i in range(functions):
        out.append(f"f{i}:\n")
        for k in range(20):
            r, s, t = (dice.choice(registers) for _ in range(3))
            out.append(f"  lea {r}, [{s}+{dice.randrange(1, 1 << 20)}]\n  mov [rsp-{8 * dice.randrange(1, 16)}], {t}\n"
                       f"  add {s}, {dice.randrange(1, 100)}\n  xor {t}, {r}\n  {dice.choice(('jz', 'js', 'jc'))} 1f\n1:\n")
        out.append("  ret\n")
    return "".join(out)
