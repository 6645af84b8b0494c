#!/bin/bash
# Jobs that are stopped at once after they were started: before, while or after they execute.
# limit: 120
exec 2>/dev/null  # bash may tell of a killed job whenever it likes
set -m
for i in {1..60}; do
  sleep 30 &
  kill -STOP $!
  for n in {1..400}; do
    grep -q '^State:.T' /proc/$!/status && break
    sleep 0.01
  done
  ((n < 400)) || echo "round $i: never stopped"
  kill -KILL $!
  wait $!
done
echo done
