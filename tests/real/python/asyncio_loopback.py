#!/usr/bin/python3
# An echo server and many clients on loopback, subprocesses, signals in the loop, cancellation, threads.
# packages: python3
import asyncio
import os
import signal
import sys


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def client(port, n):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for i in range(5):
        writer.write(f"client {n} line {i}\n".encode())
        answers.append(await reader.readline())
    writer.close()
    return len(b"".join(answers))


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(sum(await asyncio.gather(*(client(port, n) for n in range(40)))))
    server.close()
    children = [await asyncio.create_subprocess_exec(sys.executable, "-c", f"print({n} ** 9)",
                                                     stdout=asyncio.subprocess.PIPE) for n in range(3)]
    print([(await child.communicate())[0] for child in children])
    arrived = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, arrived.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await arrived.wait()
    print("signal")
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.05)
    except asyncio.TimeoutError:
        print("timeout")
    print(await asyncio.gather(*(asyncio.to_thread(sum, range(n * 1000)) for n in range(8))))


asyncio.run(main())
