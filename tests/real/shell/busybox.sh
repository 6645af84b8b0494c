# packages: busybox-static
# prepare: seq 1 20000 > numbers
# run: busybox sh -c 'busybox seq 1 300 | busybox sort -r | busybox md5sum; busybox head -c 20000 numbers | busybox gzip -c | busybox gzip -dc | busybox tail -n 1; busybox awk "BEGIN { for (i = 0; i < 9; ++i) printf \"%d \", i * i; print \"\" }"; exit 7'
# fast
