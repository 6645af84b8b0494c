#!/bin/bash
# util-linux: a terminal made by script, a daemon by setsid, flock between processes.
# packages: util-linux
# fast
script -qec 'tty -s && echo a terminal; stty size; echo err >&2; exit 5' /dev/null
echo "script: $?"
setsid sh -c 'sleep 0.2; echo daemon > daemon' &
for i in 1 2 3; do flock lock sh -c 'n=$(cat n 2>/dev/null); sleep 0.05; echo $((n + 1)) > n' & done
wait
cat n daemon
setarch -R cat /proc/self/personality
prlimit --nofile=20 sh -c 'ulimit -n'
nice -n 5 nice
taskset -c 0 nproc
ionice -c 3 ionice
getopt -o ab: --long long: -- -a -b x --long=y z
column -t <<<$'a b\nccc ddd'
