# Processes by every way of making them.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --fork 1 --fork-ops 150 --vfork 1 --vfork-ops 100 --clone 1 --clone-ops 60 --exit-group 1 --exit-group-ops 10 --wait 1 --wait-ops 200 --zombie 1 --zombie-ops 50
# limit: 90
