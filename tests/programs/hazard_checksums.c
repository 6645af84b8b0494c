// build: -pthread
// hazard: 5.9
// Hazard: checksums of code. Each executable mapping with a file behind it, the program, libc and
// the dynamic linker, is compared with the file and with itself after much was executed; the vdso
// with itself.
#include "hazard.h"

#include <fcntl.h>

enum { kMost = 32 };

static struct {
  const unsigned char* start;
  size_t length, offset;
  char path[256];
  unsigned long sum;
} codes[kMost];
static int count;

static unsigned long sum_of(const unsigned char* bytes, size_t length) {
  unsigned long sum = 5381;
  for (size_t i = 0; i < length; ++i) sum = sum * 33 + bytes[i];
  return sum;
}

static void find_code(void) {
  FILE* const maps = fopen("/proc/self/maps", "r");
  char line[512], permissions[8], path[256];
  unsigned long start, end, offset;
  while (fgets(line, sizeof line, maps)) {
    path[0] = 0;
    if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s", &start, &end, permissions, &offset, path) <
        4) {
      continue;
    }
    if (strcmp(permissions, "r-xp") != 0 || !(path[0] == '/' || strcmp(path, "[vdso]") == 0))
      continue;
    codes[count].start = (void*)start;
    codes[count].length = end - start;
    codes[count].offset = offset;
    memcpy(codes[count].path, path, sizeof path);
    codes[count].sum = sum_of((void*)start, end - start);
    ++count;
  }
  fclose(maps);
}

// The last page may reach beyond the file: zeros there.
static int is_as_in_file(int which) {
  const int file = open(codes[which].path, O_RDONLY);
  unsigned char* const bytes = calloc(1, codes[which].length);
  const ssize_t got = pread(file, bytes, codes[which].length, codes[which].offset);
  const int same = got > 0 && memcmp(bytes, codes[which].start, got) == 0;
  free(bytes);
  close(file);
  return same;
}

static void nothing(int signal) {
  (void)signal;
}

static void* work(void* unused) {
  char text[64];
  for (int i = 0; i < 200; ++i) snprintf(text, sizeof text, "%d %g", i, i / 7.0);
  raise(SIGUSR1);
  return unused;
}

int main(void) {
  handle(SIGUSR1, nothing, 0);
  find_code();
  pthread_t thread;
  pthread_create(&thread, NULL, work, NULL);
  pthread_join(thread, NULL);
  work(NULL);
  for (int i = 0; i < count; ++i) {
    const char* const slash = strrchr(codes[i].path, '/');
    printf("%s: unchanged %d", slash ? slash + 1 : codes[i].path,
           sum_of(codes[i].start, codes[i].length) == codes[i].sum);
    if (codes[i].path[0] == '/')
      printf(", as in its file %d, sum %lx", is_as_in_file(i), codes[i].sum);
    puts("");
  }
  return 0;
}
