#include "engine/trust/kernel_maps.h"

#include <linux/fcntl.h>

#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

// Reads the file a byte at a time through a buffer.
class Reader {
 public:
  explicit Reader(i32 fd) : fd_(fd) {}
  // 0 at the end.
  char next() {
    if (at_ == filled_) {
      const i64 got = sys::call(__NR_read, fd_, buffer_, sizeof buffer_);
      if (got <= 0) return 0;
      at_ = 0;
      filled_ = static_cast<u64>(got);
    }
    return buffer_[at_++];
  }

 private:
  i32 fd_;
  u64 at_ = 0, filled_ = 0;
  char buffer_[2048];
};

u64 read_hex(Reader& in, char& stop) {
  u64 value = 0;
  for (;;) {
    stop = in.next();
    if (stop >= '0' && stop <= '9') {
      value = value << 4 | static_cast<u64>(stop - '0');
    } else if (stop >= 'a' && stop <= 'f') {
      value = value << 4 | static_cast<u64>(stop - 'a' + 10);
    } else {
      return value;
    }
  }
}

// One line: "start-end rwxp ...". False at the end of the file.
bool read_line(Reader& in, CodeRange& out) {
  char stop;
  out.start = read_hex(in, stop);
  if (stop != '-') return false;
  out.end = read_hex(in, stop);
  in.next();  // r
  out.writable = in.next() == 'w';
  out.executable = in.next() == 'x';
  out.backing = {in.next() == 's', {}};
  while (stop != '\n' && stop != 0) stop = in.next();
  return true;
}

}  // namespace

bool visit_kernel_maps(void* context, bool (*visit)(void* context, const CodeRange& mapping)) {
  const i64 fd = sys::call(__NR_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (sys::is_error(fd)) return false;
  Reader in(static_cast<i32>(fd));
  CodeRange mapping;
  while (read_line(in, mapping) && visit(context, mapping)) continue;
  sys::call(__NR_close, fd);
  return true;
}

bool find_in_kernel_maps(u64 address, CodeRange& out) {
  struct Search {
    u64 address;
    CodeRange& out;
    bool found;
  } search{address, out, false};
  visit_kernel_maps(&search, [](void* context, const CodeRange& mapping) {
    auto& [wanted, result, found] = *static_cast<Search*>(context);
    found = wanted >= mapping.start && wanted < mapping.end && mapping.executable;
    if (found) result = mapping;
    return !found;
  });
  return search.found;
}

}  // namespace tiptoe::engine
