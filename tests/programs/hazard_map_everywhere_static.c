// Hazard: the program unmaps, protects and advises all the address space between its own mappings,
// as userland loaders and checkpointers do; natively nothing is there. Then it goes on.
// hazard: 3.12 6.10
#include "hazard_code.h"

enum { kMax = 512 };

struct mapping {
  uintptr_t start, end;
};

// The mappings of this program: those that have a name, and what stands right behind them.
static int own_mappings(struct mapping* out) {
  FILE* maps = fopen("/proc/self/maps", "r");
  char line[512];
  int count = 0;
  while (fgets(line, sizeof line, maps) != NULL && count < kMax) {
    unsigned long start, end;
    char name[300] = "";
    sscanf(line, "%lx-%lx %*s %*s %*s %*s %299[^\n]", &start, &end, name);
    const int adjacent = count != 0 && start == out[count - 1].end;
    if ((name[0] == 0 && !adjacent) || strstr(name, "memfd") != NULL) continue;
    if (start >> 47 != 0) continue;
    out[count++] = (struct mapping){start, end};
  }
  fclose(maps);
  return count;
}

// What lies between, but for the room into which the stack may grow. Returns how often `act`
// failed.
static int in_all_gaps(const struct mapping* own, int count, int (*act)(void*, size_t)) {
  const uintptr_t room = 1ul << 30;
  int failures = 0;
  for (int i = 0; i < count; ++i) {
    const uintptr_t start = i == 0 ? 0x20000 : own[i - 1].end;
    const uintptr_t end = own[i].start - start > 2 * room ? own[i].start - room : own[i].start;
    if (start < end && act((void*)start, end - start) != 0) ++failures;
  }
  return failures;
}

static int protect(void* at, size_t bytes) {
  return mprotect(at, bytes, PROT_NONE);
}
static int wipe(void* at, size_t bytes) {
  return madvise(at, bytes, MADV_DONTNEED);
}
static int leave_out(void* at, size_t bytes) {
  return madvise(at, bytes, MADV_DONTFORK);
}

int main(void) {
  static struct mapping own[kMax];
  const int count = own_mappings(own);
  const int unmapped = in_all_gaps(own, count, munmap);
  const int again = in_all_gaps(own, count, munmap);
  const int protected = in_all_gaps(own, count, protect) != 0;
  const int wiped = in_all_gaps(own, count, wipe) != 0;
  const int left_out = in_all_gaps(own, count, leave_out) != 0;
  char* page = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
  put_function(page, 5);
  printf("%d %d %d %d %d, %d\n", unmapped, again, protected, wiped, left_out, call(page));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit(call(page));
  printf("%d\n", WEXITSTATUS(wait_for(child)));
  return 0;
}
