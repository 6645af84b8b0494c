#!/bin/bash
# packages: memcached
memcached -u "$(id -un)" -s "$PWD/socket" -t 4 -m 16 &
server=$!
until [[ -S socket ]]; do sleep 0.05; done
python3 - <<'PY'
import socket, threading
def client(n, results):
    s = socket.socket(socket.AF_UNIX)
    s.connect("socket")
    f = s.makefile("rwb")
    for i in range(200):
        value = str(i * n).encode()
        f.write(b"set k%d_%d 0 0 %d\r\n%s\r\n" % (n, i, len(value), value))
        f.flush()
        f.readline()
    f.write(b"incr k%d_5 10\r\nget k%d_7\r\nquit\r\n" % (n, n))
    f.flush()
    results[n] = f.read()
results = {}
threads = [threading.Thread(target=client, args=(n, results)) for n in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
print([results[n] for n in range(6)])
PY
kill -TERM $server
wait $server
echo "server: $?"
