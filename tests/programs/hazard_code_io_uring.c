// Hazard: code is read in by io_uring: the kernel writes it, and no system call names it.
// hazard: 6.22 5.3
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <linux/io_uring.h>

int main(void) {
  struct io_uring_params params = {0};
  const int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
  if (ring < 0) return puts("no io_uring"), 0;
  char* submit = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE,
                      MAP_SHARED, ring, IORING_OFF_SQ_RING);
  char* complete = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
                        PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
  struct io_uring_sqe* entries = mmap(NULL, params.sq_entries * sizeof *entries,
                                      PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  unsigned* submit_tail = (unsigned*)(submit + params.sq_off.tail);
  unsigned* complete_head = (unsigned*)(complete + params.cq_off.head);
  const unsigned* complete_tail = (unsigned*)(complete + params.cq_off.tail);
  const unsigned mask = *(unsigned*)(submit + params.sq_off.ring_mask);

  char* page = map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
  put_function(page, 0);
  const int file = memfd_create("code", 0);
  int sum = call(page);
  for (int round = 1; round <= 20; ++round) {
    char code[6];
    put_function(code, round);
    if (pwrite(file, code, 6, 0) != 6) return 2;
    const unsigned tail = *submit_tail;
    entries[tail & mask] = (struct io_uring_sqe){
        .opcode = IORING_OP_READ, .fd = file, .addr = (unsigned long)page, .len = 6};
    ((unsigned*)(submit + params.sq_off.array))[tail & mask] = tail & mask;
    __atomic_store_n(submit_tail, tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1) return 3;
    while (__atomic_load_n(complete_tail, __ATOMIC_ACQUIRE) == *complete_head) {
      syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    }
    ++*complete_head;
    sum += call(page);
  }
  printf("%d\n", sum);
  return 0;
}
