#!/bin/bash
# Job control: stopped, continued and killed jobs, wait -n, traps that interrupt wait, coprocesses.
# fast
set -m
sleep 30 &
until [[ $(< /proc/$!/comm) == sleep ]]; do sleep 0.01; done
kill -STOP %1
until grep -q '^State:.T' /proc/$!/status; do sleep 0.01; done
jobs %1 | tr -s ' '
kill -CONT %1
until grep -q '^State:.S' /proc/$!/status; do sleep 0.01; done
job=$!
kill -TERM %1
wait "$job"
echo "ended $?"
set +m
for status in 3 4 5; do (exit $status) & done
sum=0
for _ in 1 2 3; do
  wait -n
  sum=$((sum + $?))
done
echo "sum $sum"
trap 'echo usr1; interrupted=yes' USR1
(sleep 0.2; kill -USR1 $$; sleep 0.3) &
wait $!
echo "wait was interrupted: $? $interrupted"
wait
coproc tr a-z A-Z
# When it ends, COPROC goes, at any time, and CHLD comes: both are to be over before the next trap.
coprocess=$COPROC_PID
exec {answer}<&"${COPROC[0]}"
echo hello >&"${COPROC[1]}"
exec {COPROC[1]}>&-
wait "$coprocess"
cat <&"$answer"
trap 'echo chld' CHLD
/bin/true
trap - CHLD
trap 'echo "line $LINENO failed"' ERR
false
ulimit -c 0
{ bash -c 'kill -ABRT $$'; } 2>/dev/null
echo "aborted $?"
