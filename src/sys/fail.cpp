#include "sys/fail.h"

#include <asm/signal.h>

#include "sys/syscall.h"

namespace tiptoe::sys {
namespace {

// A line that is put together on the stack and written with one system call.
class Line {
 public:
  Line& text(const char* s) {
    while (*s != 0) put(*s++);
    return *this;
  }
  Line& hex(u64 v) {
    text(" 0x");
    int digit = 60;
    while (digit > 0 && (v >> digit) == 0) digit -= 4;
    for (; digit >= 0; digit -= 4) put("0123456789abcdef"[v >> digit & 15]);
    return *this;
  }
  void write() {
    put('\n');
    call(__NR_write, 2, text_, length_);
  }

 private:
  void put(char c) {
    if (length_ < sizeof text_) text_[length_++] = c;
  }
  char text_[320];
  u64 length_ = 0;
};

}  // namespace

u32 g_log_level;

void fail(const char* what, u64 a, u64 b) {
  Line().text("tiptoe: internal error: ").text(what).hex(a).hex(b).write();
  struct {
    u64 handler, flags, restorer, mask;
  } dfl{};
  call(__NR_rt_sigaction, SIGABRT, &dfl, 0, 8);
  const u64 abort_only = ~(u64{1} << (SIGABRT - 1));
  call(__NR_rt_sigprocmask, SIG_SETMASK, &abort_only, 0, 8);
  for (;;) call(__NR_tgkill, call(__NR_getpid), call(__NR_gettid), SIGABRT);
}

void warn(const char* what, u64 a, u64 b) {
  Line().text("tiptoe: ").text(what).hex(a).hex(b).write();
}

void log_line(const char* what, u64 a, u64 b, u64 c) {
  Line()
      .text("tiptoe: [")
      .hex(static_cast<u64>(call(__NR_gettid)))
      .text("] ")
      .text(what)
      .hex(a)
      .hex(b)
      .hex(c)
      .write();
}

}  // namespace tiptoe::sys
