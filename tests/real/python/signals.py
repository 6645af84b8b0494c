#!/usr/bin/python3 -u
# Handlers, exceptions out of blocking calls, itimers, wakeup descriptors, sigwait, pthread_kill, masks.
# packages: python3
# fast
import faulthandler
import os
import select
import signal
import threading
import time


class Alarm(Exception):
    pass


def raise_alarm(*_):
    raise Alarm


signal.signal(signal.SIGALRM, raise_alarm)
for block in (lambda: time.sleep(30), lambda: select.select([], [], [], 30), threading.Event().wait,
              lambda: os.read(os.pipe()[0], 1), lambda: [0 for _ in iter(int, 1)]):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        block()
    except Alarm:
        print("alarm")
ticks = 0


def tick(*_):
    global ticks
    ticks += 1


signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
total = 0
while ticks < 100:
    total = (total * 31 + 7) % 1000003
signal.setitimer(signal.ITIMER_REAL, 0)
print("100 ticks")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGRTMIN})
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigpending())
print(signal.sigwait({signal.SIGUSR1}).name)
print(signal.sigtimedwait({signal.SIGRTMIN}, 0.01))
reader, writer = os.pipe2(os.O_NONBLOCK)
signal.set_wakeup_fd(writer)
signal.signal(signal.SIGUSR2, lambda *_: None)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
print(os.read(reader, 10) == bytes([signal.SIGUSR2]))
if (child := os.fork()) == 0:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
    signal.pause()
time.sleep(0.2)
os.kill(child, signal.SIGTERM)
status = os.waitpid(child, 0)[1]
print(status >> 8 if os.WIFEXITED(status) else "killed" if time.sleep(0) else "killed")
if (child := os.fork()) == 0:
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    faulthandler._sigsegv()
print(os.waitpid(child, 0)[1] & 127)
os.abort()
