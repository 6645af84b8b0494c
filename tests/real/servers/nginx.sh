#!/bin/bash
# Master and workers; a reload while it serves; a large file; an upstream.
# packages: nginx-light curl python3
source "$SHARED/free_port.sh"
mkdir -p logs html
cat > conf <<NGINX
worker_processes 2;
daemon off;
pid nginx.pid;
error_log logs/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  gzip on; gzip_min_length 10; gzip_types text/plain;
  types { text/plain txt; }
  server {
    listen 127.0.0.1:$port;
    root html;
    location /add { return 200 "\$arg_a and \$arg_b\n"; }
    location /self/ { proxy_pass http://127.0.0.1:$port/; }
  }
}
NGINX
[[ $EUID != 0 ]] || { sed -i '1i user root;' conf; }
seq 1 60000 > html/numbers.txt
nginx -p "$PWD" -c conf &
server=$!
url=http://127.0.0.1:$port
until curl -so /dev/null $url/; do sleep 0.05; done
for i in {1..10}; do curl -s $url/numbers.txt | md5sum > "got.$i" & clients+=($!); done
wait "${clients[@]}"
sort -u got.*
curl -s --compressed $url/self/numbers.txt | md5sum
curl -s "$url/add?a=1&b=2"
curl -s -r 100-120 $url/numbers.txt | md5sum
curl -s -o /dev/null -w '%{http_code}\n' $url/missing
before=$(pgrep -P $server | sort | head -n 1)
kill -HUP $server
while kill -0 "$before" 2>/dev/null; do sleep 0.05; done
curl -s "$url/add?a=after&b=reload"
kill -QUIT $server
wait $server
echo "server: $?"
