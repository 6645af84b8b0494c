# Mappings made, moved, protected, grown and verified.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --vm 1 --vm-bytes 4m --vm-ops 2000 --vm-method all --mmap 1 --mmap-bytes 4m --mmap-ops 40 --mremap 1 --mremap-bytes 4m --mremap-ops 40 --mprotect 1 --mprotect-ops 500 --brk 1 --brk-ops 3000 --malloc 1 --malloc-ops 5000 --stack 1 --stack-ops 5 --madvise 1 --madvise-ops 20
# limit: 90
