// Hazard: the kernel writes code: read, readv, preadv, recv, a pipe, a signal's timer value, a
// system call's result, into pages that have run before.
// hazard: 5.3
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

int main(void) {
  char* page = map_pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
  char* across = page + kPage - 3;
  char code[6];
  int pipe_ends[2], sockets[2];
  if (pipe(pipe_ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 2;
  const int file = memfd_create("code", 0);
  put_function(page, 0);
  put_function(across, 0);
  int sum = call(page) + call(across);
  for (int round = 1; round <= 50; ++round) {
    char* at = round % 2 != 0 ? page : across;
    put_function(code, round);
    struct iovec parts[] = {{at, 2}, {at + 2, 4}};
    long got = 0;
    switch (round % 5) {
      case 0:
        write(pipe_ends[1], code, 6);
        got = read(pipe_ends[0], at, 6);
        break;
      case 1:
        write(pipe_ends[1], code, 6);
        got = readv(pipe_ends[0], parts, 2);
        break;
      case 2:
        pwrite(file, code, 6, 100);
        got = preadv(file, parts, 2, 100);
        break;
      case 3:
        send(sockets[1], code, 6, 0);
        got = recv(sockets[0], at, 6, 0);
        break;
      case 4: {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        send(sockets[1], code, 6, 0);
        got = recvmsg(sockets[0], &message, 0);
        break;
      }
    }
    const int value = call(at);
    if (got != 6 || value != round) printf("round %d: %ld %d\n", round, got, value);
    sum += value;
  }
  // The result of a system call is the operand of an instruction.
  put_function(page, 0);
  call(page);
  getcpu((unsigned*)(page + 1), NULL);
  struct timespec* time = (struct timespec*)(page + 1);
  clock_getres(CLOCK_MONOTONIC, time);
  page[5] = (char)0xc3;
  printf("%d %d\n", sum, call(page));
  return 0;
}
