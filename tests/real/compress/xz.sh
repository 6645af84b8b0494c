#!/bin/bash
# packages: xz-utils
# fast
seq 1 200000 > n
xz -T2 -3 --block-size=300KiB -c n > n.xz
sha256sum < n.xz
xz -T2 -dc n.xz | cmp - n && echo same
xz -t n
