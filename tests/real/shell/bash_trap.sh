#!/bin/bash
# Ends by a signal that it has sent itself.
# fast
trap 'echo got usr1' USR1
kill -USR1 $$
sleep 0.05 &
wait
trap 'echo leaving' EXIT
kill -TERM $$
