// build: -pthread
// modes: no-ticks (a call that is interrupted asks the other process once more)
// hazard: 3.14
// Hazard: threads, forked children and programs executed live on under the filters of who made
// them, however few calls those allow; a filter set for all threads at once; one whose calls
// another process answers.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "hazard_seccomp.h"

static void* work_in_thread(void* unused) {
  (void)unused;
  volatile unsigned result = fresh_code(11);
  (void)result;
  errno = 0;
  const long parent = syscall(SYS_getppid);
  printf("thread: getppid %ld %d\n", parent, errno);
  return NULL;
}

static pthread_barrier_t barrier;
static void* was_there_before(void* unused) {
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return work_in_thread(unused);
}

static void set_for_all_threads(void) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&thread, NULL, was_there_before, NULL);
  pthread_barrier_wait(&barrier);
  printf(
      "sync %d\n",
      (int)INSTALL(SECCOMP_FILTER_FLAG_TSYNC, NUMBER_IS(SYS_getppid, FAIL_WITH(EXFULL)),
                   NUMBER_IS(SYS_mremap, SECCOMP_RET_KILL_PROCESS),
                   NUMBER_IS(SYS_gettid, SECCOMP_RET_KILL_PROCESS), OTHERWISE(SECCOMP_RET_ALLOW)));
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
}

// The calls that a shell needs not, and a tracer would like to make in it.
static void execute_under_filter(void) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    INSTALL(0, NUMBER_IS(SYS_memfd_create, SECCOMP_RET_KILL_PROCESS),
            NUMBER_IS(SYS_gettid, SECCOMP_RET_KILL_PROCESS),
            NUMBER_IS(SYS_mremap, SECCOMP_RET_KILL_PROCESS),
            NUMBER_IS(SYS_sigaltstack, SECCOMP_RET_KILL_PROCESS),
            NUMBER_IS(SYS_mlock, SECCOMP_RET_KILL_PROCESS),
            NUMBER_IS(SYS_getppid, FAIL_WITH(EXFULL)), OTHERWISE(SECCOMP_RET_ALLOW));
    execl("/bin/sh", "sh", "-c", "echo shell; (echo subshell; exit 3); /bin/echo $?; exit 9", NULL);
    _exit(77);
  }
  report_end("shell", wait_for(child));
}

static int send_descriptor(int socket, int fd) {
  char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}
static int receive_descriptor(int socket) {
  char byte, control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, 0) != 1) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

static void answered_by_another(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int listener = (int)INSTALL(
        SECCOMP_FILTER_FLAG_NEW_LISTENER, NUMBER_IS(SYS_getppid, SECCOMP_RET_USER_NOTIF),
        NUMBER_IS(SYS_mprotect, SECCOMP_RET_USER_NOTIF), OTHERWISE(SECCOMP_RET_ALLOW));
    send_descriptor(pair[1], listener);
    printf("getppid %ld\n", syscall(SYS_getppid));
    const long result = syscall(SYS_mprotect, 0x10000, 4096, PROT_READ | PROT_EXEC);
    printf("mprotect %ld %d\n", result, errno);
    printf("fresh %d\n", fresh_code(13) == fresh_code(13));
    fflush(stdout);
    _exit(0);
  }
  const int listener = receive_descriptor(pair[0]);
  for (int i = 0; i < 2; ++i) {
    struct seccomp_notif call = {0};
    ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call);
    printf("asked for %d\n", call.data.nr);
    fflush(stdout);
    struct seccomp_notif_resp answer = {.id = call.id};
    if (call.data.nr == SYS_getppid) {
      answer.val = 4242;
    } else {
      answer.error = -EXFULL;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  report_end("answered", wait_for(child));
}

int main(void) {
  execute_under_filter();
  answered_by_another();
  set_for_all_threads();
  work_in_thread(NULL);
  return 0;
}
