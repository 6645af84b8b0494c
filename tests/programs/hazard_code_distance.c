// Hazard: an instruction changes the operand of a later one, or of an earlier one in a loop, at
// every distance, by every kind of store.
// hazard: 5.1
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

enum { kStoreKinds = 9 };

static unsigned char* emit(unsigned char* at, const void* bytes, size_t count) {
  memcpy(at, bytes, count);
  return at + count;
}

// Code that stores the byte in %al at (%rdi), by one instruction of its kind last.
static unsigned char* emit_store(unsigned char* at, int kind) {
  switch (kind) {
    case 0:
      return emit(at, "\x88\x07", 2);  // mov %al, (%rdi)
    case 1:
      return emit(at, "\xaa", 1);  // stosb
    case 2:
      return emit(at, "\xb9\x01\0\0\0\xf3\xaa", 7);  // mov $1, %ecx; rep stosb
    case 3:
      return emit(at, "\x86\x07", 2);  // xchg %al, (%rdi)
    case 4:
      return emit(at, "\x00\x07", 2);  // add %al, (%rdi): the operand is 0
    case 5:
      return emit(at, "\x0f\xc0\x07", 3);  // xadd %al, (%rdi)
    case 6:  // mov %eax, %edx; xor %eax, %eax; lock cmpxchg %dl, (%rdi)
      return emit(at, "\x89\xc2\x31\xc0\xf0\x0f\xb0\x17", 8);
    case 7:  // movd %eax, %xmm0; pextrb $0, %xmm0, (%rdi)
      return emit(at, "\x66\x0f\x6e\xc0\x66\x0f\x3a\x14\x07\x00", 10);
    default:  // mov %rsp, %rdx; lea 4(%rdi), %rsp; pushf...: push of a whole word that ends there
      return emit(at, "\x88\x44\x24\xf0\x8a\x44\x24\xf0\x88\x07", 10);
  }
}

// The store, `distance` bytes of nops, then mov $0, %eax; ret.
static int change_later(unsigned char* page, int kind, int distance, int value) {
  unsigned char* at = emit(page, "\x48\xbf\0\0\0\0\0\0\0\0\xb8\0\0\0\0", 15);
  memcpy(page + 11, &value, 4);
  at = emit_store(at, kind);
  memset(at, 0x90, (size_t)distance);
  at += distance;
  unsigned char* operand = at + 1;
  memcpy(page + 2, &operand, 8);
  put_function(at, 0);
  return call(page);
}

// A loop whose end changes its beginning: sums what the beginning was each time.
//   mov $operand, %rdi; xor %eax, %eax; mov $rounds, %ecx
//   1: add $1, %eax; nops; incb (%rdi); dec %ecx; jne 1b; ret
static int change_earlier(unsigned char* page, int distance, int rounds) {
  unsigned char* at = emit(page, "\x48\xbf\0\0\0\0\0\0\0\0\x31\xc0\xb9\0\0\0\0", 17);
  unsigned char* loop = at;
  unsigned char* operand = loop + 2;
  memcpy(page + 2, &operand, 8);
  memcpy(page + 13, &rounds, 4);
  at = emit(at, "\x83\xc0\x01", 3);
  memset(at, 0x90, (size_t)distance);
  at += distance;
  at = emit(at, "\xfe\x07\xff\xc9\x0f\x85\0\0\0\0\xc3", 11);
  const int back = (int)(loop - (at - 1));
  memcpy(at - 5, &back, 4);
  return call(page);
}

int main(void) {
  unsigned char* page = map_pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
  int wrong = 0;
  for (int kind = 0; kind < kStoreKinds; ++kind) {
    for (int distance = 0; distance < 150; ++distance) {
      const int value = 1 + (kind * 31 + distance) % 100;
      const int got = change_later(page + distance % 7, kind, distance, value);
      if (got != value && ++wrong < 20) printf("%d %d: %d\n", kind, distance, got);
    }
  }
  int sum = 0;
  for (int distance = 0; distance < 100; distance += 3) {
    sum += change_earlier(page + kPage - 90, distance, 20);
  }
  printf("%d wrong, %d\n", wrong, sum);
  return 0;
}
