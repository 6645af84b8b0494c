# Every method of computing, once; the results are verified.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --cpu 1 --cpu-method all --cpu-ops 90
# limit: 90
