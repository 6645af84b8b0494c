#!/bin/bash
# Another translator, for the same instructions and for those of another processor; guest signals.
# packages: qemu-user-static
# limit: 120
qemu-x86_64-static "$PROGRAMS/hello_musl_static"
echo "x86-64: $?"
qemu-x86_64-static -cpu max "$PROGRAMS/goroutines"
echo "go: $?"
qemu-x86_64-static /bin/sh -c 'trap "echo term" TERM; kill -TERM $$; echo $((6 * 7)) | cat; exit 5'
echo "sh: $?"
qemu-x86_64-static "$PROGRAMS/path_loops"
echo "asm: $?"
qemu-aarch64-static --version | head -n 1
qemu-arm-static /bin/true
echo "wrong: $?"
