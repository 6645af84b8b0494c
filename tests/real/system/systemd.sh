#!/bin/bash
# packages: systemd
systemd-analyze calendar --base-time='2024-01-01 00:00:00 UTC' 'Mon *-*-* 04:00:00' | grep -E 'Original|Normalized'
systemd-analyze timespan 90min | tail -n 2
systemd-analyze verify /dev/null 2>&1 | wc -l
systemd-escape 'a/b c' && systemd-escape -u 'a-b\x20c'
systemd-id128 -p show root-x86-64 2>/dev/null | head -n 1
systemd-path user-configuration
systemd-analyze syscall-filter @timer
printf 'd %s/dir 0755 - - -\nf %s/dir/file 0644 - - - text\n' "$PWD" "$PWD" > t.conf
systemd-tmpfiles --create "$PWD/t.conf" && cat dir/file
