// Hazard: the program decrypts its own code in place, runs it and encrypts it again, over and over,
// as packers do; and it checks sums of its own code and of libc's, in memory against the file.
// hazard: 5.9
// modes: no-trust (code is changed after it was believed)
#include "hazard_code.h"

#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>

__attribute__((section("packed_code"), noinline, noipa)) static int packed(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += i * i ^ sum >> 3;
  return sum;
}
extern char __start_packed_code[], __stop_packed_code[];

static void encrypt(char* from, char* to, char key) {
  for (; from < to; ++from) *from ^= key;
}

// How many bytes of executable segments differ from their file.
static int differences;
static int compare_with_file(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size;
  (void)unused;
  const char* name = info->dlpi_name[0] != 0 ? info->dlpi_name : "/proc/self/exe";
  const int file = open(name, O_RDONLY);
  if (file < 0) return 0;  // the vdso
  struct stat facts;
  fstat(file, &facts);
  const char* bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
    const char* here = (const char*)info->dlpi_addr + part->p_vaddr;
    if (memcmp(here, bytes + part->p_offset, part->p_filesz) != 0) ++differences;
  }
  munmap((void*)bytes, (size_t)facts.st_size);
  return 0;
}

int main(void) {
  char* first = (char*)((uintptr_t)__start_packed_code & -(uintptr_t)kPage);
  char* last = (char*)(((uintptr_t)__stop_packed_code + kPage - 1) & -(uintptr_t)kPage);
  const size_t bytes = (size_t)(last - first);
  dl_iterate_phdr(compare_with_file, NULL);
  printf("%d %d", differences, packed(10));
  mprotect(first, bytes, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (char key = 1; key < 30; ++key) {
    encrypt(__start_packed_code, __stop_packed_code, key);
    encrypt(__start_packed_code, __stop_packed_code, key);
    printf(" %d", packed(key));
  }
  mprotect(first, bytes, PROT_READ | PROT_EXEC);
  dl_iterate_phdr(compare_with_file, NULL);
  printf(" %d %d\n", packed(100), differences);
  return 0;
}
