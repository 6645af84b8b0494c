#!/bin/bash
# hazard: 6.17
# packages: strace
# untraced: what a traced debugger debugs
strace -f -o log -e trace=openat,clone,execve sh -c 'cat /dev/null; (exit 4); exit 3'
echo "strace: $?"
grep -c 'execve(' log
grep -o '+++ exited with .* +++' log | sort
strace -c -o count true && grep -c execve count
strace -o log -e inject=getuid:retval=77 id -ru
strace -o log sleep 30 &
until grep -q nanosleep log 2>/dev/null; do sleep 0.05; done
pkill -TERM -P $!
wait $!
echo "killed: $?"
strace -e trace=none nonexistent-program
