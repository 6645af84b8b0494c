#!/bin/bash
# hazard: 6.17
# A translator under a translator.
# packages: valgrind gcc
# limit: 200
cat > leak.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int main(void) { int* p = malloc(40); int n = p[3] & 1 ? 1 : 2; printf("%d\n", n > 0); p = malloc(8); return p[2] == 0; }
C
gcc -g -O0 -w leak.c -o leak
valgrind -q --log-file=log --leak-check=full --error-exitcode=9 ./leak
echo "memcheck: $?"
grep -cE 'Invalid read|uninitialised|definitely lost' log
valgrind --tool=none --log-file=log sh -c 'echo child; exit 5'
echo "none: $?"
