#!/usr/bin/python3
# Closures that libffi writes as code at run time, called back from C; exceptions inside them; structs.
# packages: python3
# fast
import ctypes
import random

libc = ctypes.CDLL(None)
compare_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
random.seed(3)
values = (ctypes.c_int * 2000)(*[random.randrange(100000) for _ in range(2000)])
calls = 0


def compare(a, b):
    global calls
    calls += 1
    return (a[0] > b[0]) - (a[0] < b[0])


libc.qsort(values, len(values), ctypes.sizeof(ctypes.c_int), compare_type(compare))
print(list(values) == sorted(values), calls > 2000, values[0], values[1999])

many = [ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(lambda x, n=n: x * n) for n in range(500)]
print(sum(f(3) for f in many))
del many
again = [ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x, n=n: x / (n + 1)) for n in range(500)]
print(round(sum(f(1.0) for f in again), 9))


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double), ("n", ctypes.c_int)]


weigh = ctypes.CFUNCTYPE(ctypes.c_double, Point, ctypes.POINTER(Point))(lambda p, q: p.x * q[0].y - p.n)
print(weigh(Point(1.5, 2.5, 7), ctypes.byref(Point(1.0, 4.0, 2))))
libc.snprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
buffer = ctypes.create_string_buffer(100)
libc.snprintf(buffer, 100, b"%d %.3f %s", ctypes.c_int(42), ctypes.c_double(2.5), b"text")
print(buffer.value.decode())
libc.strtol(b"99999999999999999999", None, 10)
print(ctypes.CDLL(None, use_errno=True).close(-1), ctypes.get_errno())
