#!/bin/bash
# fast
for i in $(seq 60); do echo "$i $((i * i % 17))"; done | sort -k2n -k1n |
  awk '{s += $1 * NR} END {print s}' | tee /dev/stderr | tr 0-9 a-j
x=$(cat <(echo one) <(echo two) | wc -l)
(exit 9) || echo "sub $? $x"
exit 3
