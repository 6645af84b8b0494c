#!/usr/bin/python3
# Locks, conditions, barriers, thread locals, a pool, many short threads, a deep recursion in a thread.
# packages: python3
# fast
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

work, done = queue.Queue(), queue.Queue()


def worker():
    while (n := work.get()) is not None:
        done.put(sum(i * n for i in range(300)))


threads = [threading.Thread(target=worker) for _ in range(8)]
[t.start() for t in threads]
[work.put(n) for n in range(200)]
[work.put(None) for _ in threads]
[t.join() for t in threads]
print(sum(done.get() for _ in range(200)))
barrier, order = threading.Barrier(5), []


def meet(n):
    for turn in range(20):
        barrier.wait()
        if turn % 5 == n:
            order.append(n)


threads = [threading.Thread(target=meet, args=(n,)) for n in range(5)]
[t.start() for t in threads]
[t.join() for t in threads]
print(order)
count = 0
for _ in range(300):
    t = threading.Thread(target=lambda: globals().__setitem__("count", count + 1))
    t.start()
    t.join()
print(count)
with ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: len(str(7 ** n)), range(500))))


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


sys.setrecursionlimit(40000)
threading.stack_size(256 << 20)
t = threading.Thread(target=lambda: print(depth(20000)))
t.start()
t.join()
threading.excepthook = lambda arguments: print("thread died of", arguments.exc_type.__name__)
threading.Thread(target=lambda: 1 // 0).start()
