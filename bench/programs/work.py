"""Classes, dictionaries, strings, sorting, generators, exceptions. Argument: the factor of work."""
import collections
import json
import re
import sys

factor = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def turned(self):
        return Vector(-self.y, self.x)


def primes():
    found = []
    n = 2
    while True:
        if all(n % p for p in found if p * p <= n):
            found.append(n)
            yield n
        n += 1


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


position = Vector(0, 1)
for step in range(int(150000 * factor)):
    position = position + Vector(step % 7, 1) if step % 3 else position.turned()

counts = collections.Counter()
words = []
seed = 1
for _ in range(int(120000 * factor)):
    seed = (seed * 1103515245 + 12345) % 2147483648
    word = f"{seed >> 15:x}"
    counts[word] += 1
    words.append(word)
words.sort(key=lambda w: (len(w), w[::-1]))
matches = len(re.findall(r"\b([0-9a-f])\w*\1\b", " ".join(words)))
text = json.dumps({w: [c, w] for w, c in counts.items()})
failures = 0
for key in json.loads(text):
    try:
        int(key)
    except ValueError:
        failures += 1
generator = primes()
last = [next(generator) for _ in range(int(700 * factor) + 1)][-1]
print(fib(22), position.x, position.y, matches, len(text), failures, last, counts.most_common(3))
