# Programs that execute themselves.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --exec 1 --exec-ops 30 --spawn 1 --spawn-ops 30
# limit: 90
