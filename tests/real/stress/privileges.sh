# Filters, tracing, page faults handled by the program, restartable sequences.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --seccomp 1 --seccomp-ops 40 --ptrace 1 --ptrace-ops 500 --prctl 1 --prctl-ops 20 --userfaultfd 1 --userfaultfd-ops 200 --rseq 1 --rseq-ops 200 --membarrier 1 --membarrier-ops 20 --sigfd 1 --sigfd-ops 500
# limit: 90
