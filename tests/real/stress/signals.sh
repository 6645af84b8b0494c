# Signals sent, queued, waited for and pending, real-time ones in order.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --signal 1 --signal-ops 3000 --sigq 1 --sigq-ops 2000 --sigsuspend 1 --sigsuspend-ops 1000 --sigpending 1 --sigpending-ops 3000 --sigrt 1 --sigrt-ops 1000
# limit: 90
