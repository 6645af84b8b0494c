#!/bin/bash
# packages: gcc
# fast
cat > prime.c <<'C'
#include <stdio.h>
int main(void) {
  int n = 0;
  for (int i = 2; i < 20000; ++i) {
    int p = 1;
    for (int j = 2; j * j <= i; ++j) if (i % j == 0) { p = 0; break; }
    n += p;
  }
  printf("%d primes\n", n);
  return n % 100;
}
C
gcc -O2 prime.c -o prime && ./prime
echo $?
gcc -c nonexistent.c
