# Descriptors of all kinds.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --pipe 1 --pipe-ops 5000 --poll 1 --poll-ops 1000 --epoll 1 --epoll-ops 200 --eventfd 1 --eventfd-ops 3000 --sock 1 --sock-ops 50 --splice 1 --splice-ops 300 --io-uring 1 --io-uring-ops 100 --aio 1 --aio-ops 200 --fifo 1 --fifo-ops 3000 --dir 1 --dir-ops 20 --hdd 1 --hdd-bytes 1m --hdd-ops 50
# limit: 90
