#!/bin/bash
# PHP's own web server, with worker processes, and a client.
# packages: php-cli curl procps python3-minimal
echo '<?php echo $_SERVER["REQUEST_METHOD"], " ", $_GET["n"] ** 2, " ", strlen(file_get_contents("php://input")), "\n";' > index.php
source "$SHARED/free_port.sh"
PHP_CLI_SERVER_WORKERS=3 php -q -S "127.0.0.1:$port" > log 2>&1 &
server=$!
until curl -so /dev/null "http://127.0.0.1:$port/?n=1"; do sleep 0.05; done
for n in {1..8}; do curl -s "http://127.0.0.1:$port/?n=$n" --data-binary @/usr/bin/ls; done | sed 's/ [0-9]\{4,\}$/ many/'
kill $(pgrep -P "$server")
kill "$server"
wait "$server"
echo "server: $?"
