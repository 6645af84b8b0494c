#!/bin/bash
# hazard: 6.17
# packages: gdb
# fast
# untraced: what a traced debugger debugs
gdb --batch -nx -ex 'break done' -ex run -ex 'print $ebx' -ex continue "$PROGRAMS/path_loops" 2>&1 |
  sed 's/process [0-9]*/process N/'
