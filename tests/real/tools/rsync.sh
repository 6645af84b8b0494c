#!/bin/bash
# packages: rsync
mkdir from && for i in {1..40}; do seq $i $((i * 30)) > "from/f$i"; done
rsync -a --stats from/ to/ | grep 'transferred:'
seq 5 > from/f7; rm from/f9; touch -d @1700000000 from/f7 from
rsync -ai --delete --checksum from/ to/ | sort
diff -r from to && echo same
source "$SHARED/free_port.sh"
printf 'use chroot = no\npid file = %s/pid\n[m]\npath = %s/from\n' "$PWD" "$PWD" > conf
[[ $EUID != 0 ]] || printf 'uid = root\ngid = root\n' >> conf
rsync --daemon --no-detach --address=127.0.0.1 --port="$port" --config=conf --log-file=log &
until rsync "rsync://127.0.0.1:$port/" >/dev/null 2>&1; do sleep 0.05; done
rsync -az "rsync://127.0.0.1:$port/m/" other/ && diff -r from other && echo same
rsync -a "rsync://127.0.0.1:$port/missing/" other/ 2>&1 | head -n 1
kill $!
wait $!
echo "daemon: $?"
