#include "engine/trust/descriptor.h"

#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>

#include "base/memory.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// Of st_mode.
constexpr u32 kFileTypeMask = 0170000, kRegularFile = 0100000;

bool is_in_proc(i32 fd) {
  struct statfs facts {};
  return sys::call(__NR_fstatfs, fd, &facts) == 0 && facts.f_type == PROC_SUPER_MAGIC;
}

// The number in .../NUMBER/mem, or 0.
i32 owner_of_memory(std::span<const char> name) {
  constexpr char kEnd[] = "/mem";
  constexpr u64 kEndBytes = sizeof kEnd - 1;
  if (name.size() < kEndBytes || memcmp(&name[name.size() - kEndBytes], kEnd, kEndBytes) != 0) {
    return 0;
  }
  i32 number = 0;
  i32 place = 1;
  for (u64 i = name.size() - kEndBytes; i-- > 0 && name[i] >= '0' && name[i] <= '9'; place *= 10) {
    number += (name[i] - '0') * place;
  }
  return number;
}

// What cannot be found out counts as shared: then all code is compared, which is slow, but right.
bool shares_memory(i32 task) {
  const i64 self = sys::call(__NR_getpid);
  if (sys::call(__NR_tgkill, self, task, 0) == 0) return true;
  const i64 order = sys::call(__NR_kcmp, self, task, KCMP_VM);
  return order == 0 || sys::is_error(order);
}

}  // namespace

FileId file_of(i32 fd) {
  struct stat facts {};
  if (sys::call(__NR_fstat, fd, &facts) != 0 || (facts.st_mode & kFileTypeMask) != kRegularFile)
    return {};
  return {facts.st_dev, facts.st_ino};
}

bool can_write_file(i32 fd) {
  const i64 flags = sys::call(__NR_fcntl, fd, F_GETFL);
  if (sys::is_error(flags) || (flags & O_ACCMODE) == O_RDONLY) return false;
  const i64 seals = sys::call(__NR_fcntl, fd, F_GET_SEALS);
  return sys::is_error(seals) || (seals & F_SEAL_WRITE) == 0;
}

bool is_own_memory(i32 fd) {
  if (!is_in_proc(fd)) return false;
  char buffer[512];
  const i32 owner = owner_of_memory(name_of(fd, buffer));
  return owner != 0 && shares_memory(owner);
}

std::span<const char> name_of(i32 fd, std::span<char> buffer) {
  char link[] = "/proc/self/fd/0123456789";
  char* digits = link + sizeof "/proc/self/fd/" - 1;
  char reversed[12];
  int count = 0;
  for (u32 rest = static_cast<u32>(fd); count == 0 || rest != 0; rest /= 10) {
    reversed[count++] = static_cast<char>('0' + rest % 10);
  }
  for (int i = 0; i < count; ++i) digits[i] = reversed[count - 1 - i];
  digits[count] = 0;
  const i64 length = sys::call(__NR_readlinkat, AT_FDCWD, link, buffer.data(), buffer.size());
  return buffer.first(length > 0 ? static_cast<u64>(length) : 0);
}

}  // namespace tiptoe::engine
