# Threads, locks and switches between them.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --pthread 1 --pthread-ops 300 --pthread-max 64 --mutex 2 --mutex-ops 2000 --futex 1 --futex-ops 3000 --switch 1 --switch-ops 3000 --tsearch 1 --tsearch-ops 2
# limit: 90
