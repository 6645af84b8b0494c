// A program with musl as its libc: threads, a sort with a callback, formatted output.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void* a, const void* b) {
  return *(const int*)a - *(const int*)b;
}

static void* sum_of(void* argument) {
  long sum = 0;
  for (long i = 0; i < (long)argument; ++i) sum += i;
  return (void*)sum;
}

int main(int argc, char** argv) {
  (void)argv;
  int values[50];
  for (int i = 0; i < 50; ++i) values[i] = i * 37 % 50;
  qsort(values, 50, sizeof values[0], compare);
  for (int i = 0; i < 50; i += 7) printf("%d ", values[i]);
  pthread_t threads[3];
  for (long i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, sum_of, (void*)(1000 * (i + 1)));
  for (int i = 0; i < 3; ++i) {
    void* sum;
    pthread_join(threads[i], &sum);
    printf("%ld ", (long)sum);
  }
  printf("%.3f\n", 22.0 / 7);
  return argc + 4;
}
