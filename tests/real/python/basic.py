#!/usr/bin/python3
# packages: python3
# fast
import json, re, subprocess, sys, threading, zlib

results = {}


def work(n):
    results[n] = sum(i * i for i in range(20000)) + n


threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
print(json.dumps(results, sort_keys=True))
print(subprocess.run(["sort", "-rn"], input=b"1\n10\n9\n", capture_output=True).stdout)
print(subprocess.check_output("echo $((6*7)); exit 0", shell=True))
text = "\n".join(str(i * 7919 % 1000003) for i in range(100000))
print(zlib.crc32(text.encode()), len(re.findall("9+", text)))
try:
    {}["missing"]
except KeyError as error:
    print(repr(error))
sys.stdout.flush()
sys.exit(6)
