# Vector and floating point code, the time stamp counter, system calls by hand.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --vecmath 1 --vecmath-ops 50 --vecwide 1 --vecwide-ops 50 --matrix 1 --matrix-ops 100 --fp 1 --fp-ops 20 --rotate 1 --rotate-ops 20 --x86syscall 1 --x86syscall-ops 500 --tsc 1 --tsc-ops 500
# limit: 90
