// build: -pthread
// hazard: 3.7
// Hazard: execve that fails, in all the ways there are, from the main thread, another thread and a
// vfork child, and goes on; then all that succeed: scripts, scripts of scripts, a memory file, an
// open directory, an empty path, no arguments at all.
#include "hazard.h"

#include <fcntl.h>
#include <sys/stat.h>

static char folder[] = "/tmp/hazard_exec_XXXXXX";
static char* no_environment[] = {NULL};

static char* in_folder(const char* name) {
  static char path[8][128];
  static int next;
  char* result = path[next++ % 8];
  snprintf(result, 128, "%s/%s", folder, name);
  return result;
}

static void make(const char* name, const char* text, int mode) {
  const int fd = open(in_folder(name), O_CREAT | O_WRONLY | O_TRUNC, 0700);
  if (write(fd, text, strlen(text)) < 0) abort();
  fchmod(fd, mode);
  close(fd);
}

static void try(const char* what, const char* path) {
  char* arguments[] = {"name", "argument", NULL};
  const int result = execve(path, arguments, no_environment);
  printf("%s: %d %d\n", what, result, errno);
}

static void try_all(void) {
  try("no such file", in_folder("nothing"));
  try("not executable", in_folder("plain"));
  try("a folder", folder);
  try("no format", in_folder("garbage"));
  try("empty", in_folder("empty"));
  try("no interpreter", in_folder("lost"));
  try("script of itself", in_folder("loop"));
  try("damaged ELF", in_folder("damaged"));
  try("nowhere", (const char*)8);
  static char long_path[5000];
  memset(long_path, 'x', sizeof long_path - 1);
  try("long path", long_path);
  char* huge = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(huge, 'x', (1 << 20) - 1);
  char* arguments[] = {"name", huge, NULL};
  printf("too big: %d", execve("/bin/true", arguments, no_environment));
  printf(" %d\n", errno);
  munmap(huge, 1 << 20);
  printf("arguments nowhere: %d", (int)syscall(SYS_execve, "/bin/true", (char**)8, no_environment));
  printf(" %d\n", errno);
  const int busy = open(in_folder("busy"), O_CREAT | O_RDWR, 0700);
  if (write(busy, "\177ELF", 4) < 0) abort();
  const char* status = "busy";
  try(status, in_folder("busy"));
  close(busy);
  printf("bad fd: %ld", syscall(SYS_execveat, 999, "", arguments, no_environment, AT_EMPTY_PATH));
  printf(" %d\n", errno);
  printf("bad flags: %ld",
         syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, no_environment, 64));
  printf(" %d\n", errno);
  fflush(stdout);
}

static void* try_in_thread(void* unused) {
  try("from a thread", in_folder("nothing"));
  return unused;
}

static void run(const char* what, void (*body)(void)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(99);
  }
  const int status = wait_for(child);
  printf("%s: %d\n", what, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static void script(void) {
  char* arguments[] = {"ignored", "one", "two", NULL};
  execve(in_folder("script"), arguments, no_environment);
}
static void from_memory(void) {
  const int to = (int)syscall(SYS_memfd_create, "program", 0);
  const int from = open("/bin/echo", O_RDONLY);
  char buffer[65536];
  for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) {
    if (write(to, buffer, (size_t)got) != got) abort();
  }
  char* arguments[] = {"echo", "from memory", NULL};
  fexecve(to, arguments, no_environment);
}
static void by_empty_path(void) {
  const int fd = open("/bin/echo", O_PATH | O_CLOEXEC);
  char* arguments[] = {"echo", "by empty path", NULL};
  syscall(SYS_execveat, fd, "", arguments, no_environment, AT_EMPTY_PATH);
}
static void in_open_folder(void) {
  const int fd = open("/bin", O_PATH | O_DIRECTORY);
  char* arguments[] = {"echo", "in a folder", NULL};
  syscall(SYS_execveat, fd, "echo", arguments, no_environment, 0);
}
static void without_arguments(void) {
  syscall(SYS_execve, "/bin/true", NULL, NULL);
}
static void cloexec_script(void) {
  const int fd = open(in_folder("script"), O_RDONLY | O_CLOEXEC);
  char* arguments[] = {"x", NULL};
  syscall(SYS_execveat, fd, "", arguments, no_environment, AT_EMPTY_PATH);
  _exit(errno);
}
static void in_vfork(void) {
  const pid_t child = vfork();
  if (child == 0) {
    char* arguments[] = {"name", NULL};
    execve("/no/such/program", arguments, no_environment);
    execve("/bin/false", arguments, no_environment);
    _exit(98);
  }
  _exit(WEXITSTATUS(wait_for(child)) + 10);
}

int main(void) {
  if (mkdtemp(folder) == NULL) return 1;
  make("plain", "#!/bin/sh\necho no\n", 0600);
  make("garbage", "\1\2\3\4garbage", 0700);
  make("empty", "", 0700);
  make("lost", "#!/no/such/interpreter\n", 0700);
  make("damaged", "\177ELF\2\1\1 and so on", 0700);
  make("script", "#!/bin/sh\necho script \"$@\"\nexit 5\n", 0700);
  char text[256];
  snprintf(text, sizeof text, "#!%s/loop\n", folder);
  make("loop", text, 0700);
  if (chdir(folder) != 0) return 1;

  try_all();
  pthread_t thread;
  pthread_create(&thread, NULL, try_in_thread, NULL);
  pthread_join(thread, NULL);
  run("script", script);
  run("from memory", from_memory);
  run("by empty path", by_empty_path);
  run("in a folder", in_open_folder);
  run("without arguments", without_arguments);
  run("cloexec script", cloexec_script);
  run("vfork", in_vfork);
  for (const char** name = (const char*[]){"plain", "garbage", "empty", "lost", "damaged", "script",
                                           "loop", "busy", NULL};
       *name != NULL; ++name) {
    unlink(in_folder(*name));
  }
  rmdir(folder);
  return 0;
}
