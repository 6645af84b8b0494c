#!/bin/bash
# packages: redis-server redis-tools
redis-server --port 0 --unixsocket "$PWD/socket" --save '' --io-threads 2 --appendonly yes --appendfsync always > log &
server=$!
cli() { redis-cli -s socket "$@"; }
until [[ $(cli ping 2>/dev/null) == PONG ]]; do sleep 0.05; done
for i in {1..300}; do echo "SET key$i value$((i * 7919 % 1009))"; echo "LPUSH list $i"; echo "INCRBY sum $i"; done | cli > answers
tail -n 2 answers
cli eval 'local s = 0 for i = 1, 1000 do s = s + i end return s + redis.call("LLEN", KEYS[1])' 1 list
cli sort list limit 0 3
cli get key77
cli zadd z 3 c 1 a 2 b
cli zrange z 0 -1 withscores
(cli subscribe news | head -n 6 | tail -n 1 > heard) &
subscriber=$!
until [[ $(cli pubsub numsub news | tail -n 1) == 1 ]]; do sleep 0.05; done
cli publish news hello
cli publish news more >/dev/null
wait $subscriber
cat heard
cli bgsave >/dev/null
until [[ $(cli info persistence | grep -c 'rdb_bgsave_in_progress:0') == 1 ]]; do sleep 0.05; done
redis-check-rdb dump.rdb | grep -c OK
cli lpush list 1 2 3 nonsense
cli incr z
cli shutdown nosave
wait "$server"
echo "server: $?"
wait
