#!/usr/bin/python3
# Pools by fork and by spawn, shared memory, queues, managers, semaphores, a worker that is killed.
# packages: python3
# limit: 120
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import shared_memory


def square(n):
    return n * n


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def add(counter, lock):
    for _ in range(200):
        with lock:
            counter.value += 1


def fill(name, start):
    block = shared_memory.SharedMemory(name)
    for i in range(100):
        block.buf[start + i] = (start + i) % 251
    block.close()


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            print(method, sum(pool.imap_unordered(square, range(300), chunksize=10)))
    counter, lock = multiprocessing.Value("i", 0), multiprocessing.Lock()
    workers = [multiprocessing.Process(target=add, args=(counter, lock)) for _ in range(4)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    print(counter.value, [w.exitcode for w in workers])
    block = shared_memory.SharedMemory(create=True, size=400)
    workers = [multiprocessing.Process(target=fill, args=(block.name, s)) for s in range(0, 400, 100)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    print(sum(block.buf[:400]))
    block.close()
    block.unlink()
    with multiprocessing.Manager() as manager:
        shared = manager.dict()
        worker = multiprocessing.Process(target=shared.update, args=({"a": 1},))
        worker.start()
        worker.join()
        print(dict(shared))
    try:
        with ProcessPoolExecutor(2) as executor:
            list(executor.map(die, range(2)))
    except BrokenProcessPool:
        print("a worker died")
