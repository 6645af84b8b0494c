#!/bin/bash
# Python's threading server and curl; then TLS by openssl's server and client.
# packages: python3 curl openssl
source "$SHARED/free_port.sh"
seq 1 30000 > file
python3 -m http.server --bind 127.0.0.1 "$port" 2>/dev/null &
server=$!
until curl -so /dev/null "http://127.0.0.1:$port/"; do sleep 0.05; done
for i in {1..8}; do curl -s "http://127.0.0.1:$port/file" | md5sum > "got.$i" & clients+=($!); done
wait "${clients[@]}"
sort -u got.*
curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/missing"
kill -TERM $server
wait $server
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null
openssl s_server -accept "127.0.0.1:$port" -key key.pem -cert cert.pem -quiet -WWW >/dev/null 2>&1 &
server=$!
until curl -sk "https://127.0.0.1:$port/file" | md5sum > tls && [[ $(< tls) != d41d8* ]]; do sleep 0.1; done
cat tls
curl -sk --tls-max 1.2 "https://127.0.0.1:$port/file" | md5sum
curl -s "https://127.0.0.1:$port/file"
echo "curl: $?"
{ kill -KILL $server; wait $server; } 2>/dev/null # the shell says at once, or at wait, that it was killed
echo "server: $?"
