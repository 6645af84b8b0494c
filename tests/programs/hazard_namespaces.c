// hazard: 3.16
// Hazard: processes in user, pid, mount and network namespaces of their own, where ids are others,
// where /proc is another one or none, and where the root folder is another: they execute programs.
#include "hazard.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void run(const char* what, int (*body)(void)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int result = body();
    fflush(stdout);
    _exit(result);
  }
  const int status = wait_for(child);
  printf("%s: %d\n", what, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static int shell(const char* script) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", script, NULL);
    _exit(127);
  }
  return WEXITSTATUS(wait_for(child));
}

static int new_pids(void) {
  if (unshare(CLONE_NEWPID) != 0) return 90;
  return shell("echo pid $$; (exit 6); echo $?; exec /bin/sh -c 'exit 7'");
}
static int new_everything(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
              CLONE_NEWUTS) != 0)
    return 90;
  return shell("echo user $(id -u); echo pid $$; true; exit 8");
}
static int no_proc(void) {
  if (unshare(CLONE_NEWNS) != 0) return 90;
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return 91;
  if (mount("none", "/proc", "tmpfs", 0, NULL) != 0) return 92;
  printf("proc is empty: %d\n", access("/proc/self", F_OK));
  char* code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(code, "\xb8\x2a\0\0\0\xc3", 6);
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  int (*function)(void) = (int (*)(void))(void*)code;
  printf("new code %d\n", function());
  return shell("echo in a shell; /bin/echo another; exit 9");
}
static int other_root(void) {
  const char* folder = "/mnt";
  if (unshare(CLONE_NEWNS) != 0) return 91;
  mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (mount("none", folder, "tmpfs", 0, NULL) != 0) return 92;
  char path[256];
  for (const char** name = (const char*[]){"bin", "lib", "lib64", "usr", NULL}; *name != NULL;
       ++name) {
    snprintf(path, sizeof path, "/%s", *name);
    char to[300];
    snprintf(to, sizeof to, "%s/%s", folder, *name);
    mkdir(to, 0755);
    if (mount(path, to, NULL, MS_BIND | MS_REC, NULL) != 0) return 93;
  }
  if (chroot(folder) != 0 || chdir("/") != 0) return 94;
  const int result = shell("ls /; [ -e /proc ] || echo no proc; exit 10");
  return result;
}
static int enter_again(void) {
  const int before = open("/proc/self/ns/uts", O_RDONLY);
  if (unshare(CLONE_NEWUTS) != 0 || sethostname("hazard", 6) != 0) return 90;
  int result = shell("uname -n");
  if (setns(before, 0) != 0) return 91;
  result += shell("[ $(uname -n) != hazard ]");
  return result;
}
static int cloned_into_namespace(void) {
  fflush(stdout);
  const long child = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    printf("as process %d of parent %d\n", getpid(), getppid());
    fflush(stdout);
    execl("/bin/sh", "sh", "-c", "echo still $$; exit 11", NULL);
    _exit(127);
  }
  return WEXITSTATUS(wait_for((pid_t)child));
}

int main(void) {
  run("new pids", new_pids);
  run("new everything", new_everything);
  run("no proc", no_proc);
  run("other root", other_root);
  run("uts there and back", enter_again);
  run("cloned", cloned_into_namespace);
  return 0;
}
