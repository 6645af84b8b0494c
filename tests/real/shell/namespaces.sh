#!/bin/bash
# Processes in user, pid, mount and network namespaces of their own.
unshare --user --map-root-user --mount sh -c 'echo "user $(id -u)"; mount -t tmpfs none /mnt && ls /mnt; exit 3'
echo "mount: $?"
unshare --net cat /proc/net/dev | wc -l
unshare --pid --fork sh -c 'echo "pid $$"; (exit 4); echo $?'
unshare --pid --fork --mount-proc sh -c 'set -- /proc/[0-9]*; echo $#'
