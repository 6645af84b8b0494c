// packages: gcc
// prepare: gcc -g -O1 -fsanitize=address "$CASE" -o program
// run: env ASAN_OPTIONS=detect_leaks=0:symbolize=0:log_path=report ./program
//
// Shadow memory at a fixed address, intercepted functions, its own death by a report.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void* body(void* p) {
  long sum = 0;
  for (int i = 0; i < 300; ++i) {
    char* block = malloc(i + 10);
    memset(block, i, i + 10);
    sum += block[i];
    free(block);
  }
  *(long*)p = sum;
  return NULL;
}
int main(int argc, char** argv) {
  pthread_t threads[4];
  long sums[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, body, &sums[i]);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  printf("%ld\n", sums[0] + sums[3]);
  fflush(stdout);
  char* block = malloc(10);
  free(block);
  printf("%d\n", block[argc]);
  return strlen(argv[0]) == 0;
}
