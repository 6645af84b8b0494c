// What a program sees of itself, printed: its initial stack, everything in /proc/self that has a
// name or a number that does not depend on time, and what the kernel answers when it is asked.
// Addresses are printed, so address randomization must be off.
// Each hazard_self_view*.c is this program in another kind of executable.
#pragma once
#include "hazard.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { kTextRoom = 1 << 20 };

// A whole file of /proc, with its length. The text is overwritten by the next.
static inline const char* text_of(const char* path, size_t* length) {
  static char text[kTextRoom];
  const int file = open(path, O_RDONLY);
  *length = 0;
  for (ssize_t got; (got = read(file, text + *length, kTextRoom - 1 - *length)) > 0;)
    *length += got;
  close(file);
  text[*length] = 0;
  return text;
}

static inline unsigned long hash_of(const void* bytes, size_t length) {
  unsigned long hash = 14695981039346656037u;
  for (size_t i = 0; i < length; ++i) {
    hash = (hash ^ ((const unsigned char*)bytes)[i]) * 1099511628211u;
  }
  return hash;
}

static inline void print_hash(const char* path) {
  size_t length;
  const char* const text = text_of(path, &length);
  printf("%s: %zu bytes, hash %lx\n", path, length, hash_of(text, length));
}

// The lines of a file whose beginning is one of these words.
static inline void print_lines(const char* path, const char* const* words) {
  size_t length;
  char* line = (char*)text_of(path, &length);
  for (char* end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    for (const char* const* word = words; *word; ++word) {
      if (strncmp(line, *word, strlen(*word)) == 0) printf("%s\n", line);
    }
  }
}

// Mappings that have a name, with their flags: a tracer's have none, or that of a memfd.
static inline void print_mappings(void) {
  size_t length;
  int named = 0;
  char* line = (char*)text_of("/proc/self/smaps", &length);
  for (char* end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    if (strspn(line, "0123456789abcdef") > 7) {
      named = strpbrk(line, "/[") && !strstr(line, "/memfd: (deleted)");
      if (named) puts(line);
    } else if (named && (strncmp(line, "Size", 4) == 0 || strncmp(line, "VmFlags", 7) == 0)) {
      puts(line);
    }
  }
}

// From the word that holds argc to the end of the stack. Only the random bytes differ from run to
// run.
static inline void print_initial_stack(char** arguments) {
  size_t length;
  const char* line = strstr(text_of("/proc/self/maps", &length), "[stack]");
  while (line[-1] != '\n') --line;
  const char* const top = (const char*)strtoul(strchr(line, '-') + 1, NULL, 16);
  memset((void*)getauxval(AT_RANDOM), 0, 16);
  const char* const start = (const char*)(arguments - 1);
  printf("initial stack at %p: %zu bytes, hash %lx\n", (const void*)start, (size_t)(top - start),
         hash_of(start, top - start));
}

static inline void print_auxiliary_vector(void) {
  size_t length;
  const unsigned long* pair = (const unsigned long*)text_of("/proc/self/auxv", &length);
  for (; pair[0]; pair += 2) printf("auxiliary %lu: %lx\n", pair[0], pair[1]);
}

// Fields of /proc/self/stat behind the name, by their number in proc(5). Not 34, the signals that
// are caught: a tracer catches SIGSEGV and SIGBUS.
static inline void print_stat(void) {
  static const int kFields[] = {3,  8,  9,  18, 19, 20, 21, 26, 27, 28, 29, 30, 31,
                                32, 33, 35, 38, 40, 41, 45, 46, 47, 48, 49, 50, 51};
  size_t length;
  const char* const text = text_of("/proc/self/stat", &length);
  for (size_t i = 0; i < sizeof kFields / sizeof *kFields; ++i) {
    const char* field = strrchr(text, ')') + 2;
    for (int number = 3; number < kFields[i]; ++number) field = strchr(field, ' ') + 1;
    printf("stat %d: %.*s\n", kFields[i], (int)strcspn(field, " \n"), field);
  }
}

static inline void print_signals(void) {
  int handled = 0;
  for (int signal = 1; signal < 65; ++signal) {
    struct sigaction action;
    handled += sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
  }
  stack_t stack;
  sigset_t mask, pending;
  sigaltstack(NULL, &stack);
  sigprocmask(SIG_BLOCK, NULL, &mask);
  sigpending(&pending);
  printf("handled signals %d, stack %p %x, mask %lx, pending %lx\n", handled, stack.ss_sp,
         stack.ss_flags, *(unsigned long*)&mask, *(unsigned long*)&pending);
}

static inline void print_answers(void) {
  struct itimerval timers[3] = {};
  for (int i = 0; i < 3; ++i) getitimer(i, &timers[i]);
  printf("timers hash %lx\n", hash_of(timers, sizeof timers));
  int death_signal = -1, reaps = -1;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  prctl(PR_GET_CHILD_SUBREAPER, &reaps);
  printf("death signal %d, reaps %d, dumpable %d, seccomp %d, no new privileges %d, slack %d\n",
         death_signal, reaps, prctl(PR_GET_DUMPABLE), prctl(PR_GET_SECCOMP),
         prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_TIMERSLACK));
  const pid_t child = waitpid(-1, NULL, WNOHANG);
  printf("children: %d, %s\n", child, strerror(errno));
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  printf("children used %ld us\n", usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  const pid_t parent = getppid();
  int changes = 0;
  for (int i = 0; i < 1000; ++i) changes += getppid() != parent;
  printf("another parent %d times, thread %s process\n", changes,
         syscall(SYS_gettid) == getpid() ? "is" : "is not");
  printf("lowest free descriptor %d\n", dup(1));
}

// What its entries lead to, but for process numbers and a tracer's memory. Returns how many.
static inline int print_folder(const char* path) {
  DIR* const folder = opendir(path);
  int count = 0;
  for (const struct dirent* entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    ++count;
    char target[4096] = {};
    const int linked = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1) > 0;
    const int ours = strncmp(target, "/memfd:", 7) == 0;
    const int numbered = strstr(target, "/proc/") || strchr(target, '[');
    if (linked && !ours) printf("%s %s %s\n", path, entry->d_name, numbered ? "" : target);
  }
  closedir(folder);
  return count;
}

int main(int count, char** arguments) {
  (void)count;
  static const char* const kStatus[] = {
      "Name:",         "Umask:",       "State:",  "TracerPid:",    "Uid:",
      "Gid:",          "FDSize:",      "Groups:", "Kthread:",      "Threads:",
      "SigPnd:",       "ShdPnd:",      "SigBlk:", "SigIgn:",       "Cap",
      "NoNewPrivs:",   "Seccomp",      "Specul",  "Cpus_allowed:", "Mems_allowed_list:",
      "x86_",          "VmLck:",       "VmPin:",  "VmExe:",        "VmStk:",
      "HugetlbPages:", "CoreDumping:", NULL};
  print_initial_stack(arguments);
  print_auxiliary_vector();
  print_hash("/proc/self/cmdline");
  print_hash("/proc/self/environ");
  print_hash("/proc/self/limits");
  print_hash("/proc/self/comm");
  print_hash("/proc/self/wchan");
  print_hash("/proc/self/personality");
  print_hash("/proc/self/coredump_filter");
  print_hash("/proc/self/timerslack_ns");
  print_lines("/proc/self/status", kStatus);
  print_mappings();
  print_stat();
  print_signals();
  print_answers();
  char path[4096] = {};
  printf("file %zd, %s\n", readlink("/proc/self/exe", path, sizeof path - 1), path);
  fflush(stdout);
  print_folder("/proc/self/fd");
  print_folder("/proc/self/map_files");
  printf("threads %d\n", print_folder("/proc/self/task") == 1);
  return 0;
}
