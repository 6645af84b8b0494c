#!/bin/dash
# fast
fib() { [ "$1" -lt 2 ] && echo "$1" || echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); }
fib 8
trap 'echo term; exit 12' TERM
printf '%s\n' c b a | sort | while read -r x; do echo "<$x>"; done
echo "$(echo sub; exit 3)" "$?"
case abc in a*) echo match ;; esac
set -- 1 2 3
shift
echo "$# $*"
kill -TERM $$
echo not reached
