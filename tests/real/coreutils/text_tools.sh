#!/bin/bash
# sort with several threads and files, join, comm, split, shuf, sed, grep, tr, od, factor, checksums.
set -e
seq 1 60000 | sed 's/$/ x/' | awk '{print ($1 * 7919) % 60013, $2}' > a
sort --parallel=4 -S 256K -k1,1 a > sorted
shuf --random-source=/bin/true -n 2000 a | sort -k1,1 > some
join sorted some | wc
comm -12 sorted some | md5sum
split -l 9000 --filter='sha1sum' a
factor 18446744073709551557 10000000000000000051 99999999999
grep -cE '^(1|22|333)[0-7]*$' <(cut -d' ' -f1 a)
tr 0-9 a-j < a | od -An -tx1 -w16 | tail -n 2
for sum in md5sum sha512sum b2sum cksum; do $sum < a; done
numfmt --to=iec 1234567890 | tee >(cat >&2) >/dev/null
timeout 0.2 sleep 9 || echo "timeout $?"
env -i printenv || echo "nothing $?"
