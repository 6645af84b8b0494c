"""Threads of an interpreter with one lock: queues, compression and hashes (which leave the lock), plain
code (which does not). The order in which threads run does not show. Argument: the factor of work."""
import hashlib
import queue
import sys
import threading
import zlib

factor = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
THREADS = 4

tasks, results = queue.Queue(maxsize=16), queue.Queue()


def checksum(number):
    data = b"".join(b"%d " % (number * i % 9973) for i in range(1500))
    packed = zlib.compress(data, 6)
    digest = hashlib.sha256(packed * 20).hexdigest()
    return sum(ord(c) * (i + 1) for i, c in enumerate(digest)) + len(packed)


def worker():
    while (number := tasks.get()) is not None:
        results.put((number, checksum(number)))


threads = [threading.Thread(target=worker) for _ in range(THREADS)]
for thread in threads:
    thread.start()
count = int(500 * factor) + 1
for number in range(count):
    tasks.put(number)
for _ in threads:
    tasks.put(None)
for thread in threads:
    thread.join()
found = sorted(results.get() for _ in range(count))
print(count, found[0], found[-1], sum(value for _, value in found))
