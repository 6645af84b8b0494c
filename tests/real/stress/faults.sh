# Faults, traps and aborts, each survived by its handler.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --sigsegv 1 --sigsegv-ops 1000 --sigfpe 1 --sigfpe-ops 500 --sigtrap 1 --sigtrap-ops 500 --sigabrt 1 --sigabrt-ops 20 --fault 1 --fault-ops 500
# limit: 90
