#include "tools/master_stepper/task.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tiptoe::master {
namespace {

constexpr u64 kTrapFlag = 1 << 8;

}  // namespace

void die(const std::string& what) {
  std::fprintf(stderr, "master_stepper: %s (%s)\n", what.c_str(), std::strerror(errno));
  std::exit(125);
}

Registers Task::registers() const {
  Registers values{};
  if (ptrace(PTRACE_GETREGS, tid_, nullptr, &values) != 0) die("PTRACE_GETREGS");
  return values;
}

void Task::set_registers(const Registers& registers) const {
  if (ptrace(PTRACE_SETREGS, tid_, nullptr, &registers) != 0) die("PTRACE_SETREGS");
}

bool Task::read(u64 address, void* to, u64 bytes) const {
  iovec here{to, bytes};
  iovec there{reinterpret_cast<void*>(address), bytes};
  return process_vm_readv(tid_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(bytes);
}

u64 Task::read_word(u64 address) const {
  u64 word = 0;
  read(address, &word, sizeof word);
  return word;
}

void Task::write(u64 address, const void* from, u64 bytes) const {
  iovec here{const_cast<void*>(from), bytes};
  iovec there{reinterpret_cast<void*>(address), bytes};
  if (process_vm_writev(tid_, &here, 1, &there, 1, 0) != static_cast<ssize_t>(bytes)) {
    die("process_vm_writev");
  }
}

void Task::set_breakpoint(unsigned index, u64 address) {
  const auto poke = [&](unsigned which, u64 value) {
    const u64 offset = offsetof(user, u_debugreg) + 8 * which;
    return ptrace(PTRACE_POKEUSER, tid_, offset, value) == 0;
  };
  const auto control =
      static_cast<u64>(ptrace(PTRACE_PEEKUSER, tid_, offsetof(user, u_debugreg) + 8 * 7, nullptr));
  const u64 enable = u64{1} << 2 * index;
  const bool done = poke(7, control & ~enable) &&
                    (address == 0 || (poke(index, address) && poke(7, control | enable)));
  if (!done) die("hardware breakpoint");
}

Task::Shows Task::what_shows(const Registers& at) const {
  u8 code[2] = {};
  if (!read(at.rip, code, sizeof code) && !read(at.rip, code, 1)) return Shows::kNothing;
  if (code[0] == 0x9c || (code[0] == 0x66 && code[1] == 0x9c)) return Shows::kOnStack;
  const bool is_syscall = code[0] == 0x0f && code[1] == 0x05;
  return is_syscall && at.rax != SYS_rt_sigreturn ? Shows::kInR11 : Shows::kNothing;
}

// Behind a popf the kernel takes the trap flag, which it has set itself to step, for the program's:
// it would stay.
void Task::drop_trap_flag() const {
  Registers r = registers();
  if ((r.eflags & kTrapFlag) == 0) return;
  r.eflags &= ~kTrapFlag;
  set_registers(r);
}

void Task::step(int signal) {
  drop_trap_flag();
  // Behind an event of ptrace's (a clone, say) the step before is not over yet.
  if (signal != 0 || shows_ == Shows::kNothing) {
    const Registers at = registers();
    stepped_from_ = at.rip;
    shows_ = what_shows(at);
  }
  if (ptrace(PTRACE_SINGLESTEP, tid_, nullptr, static_cast<long>(signal)) != 0 && errno != ESRCH) {
    die("PTRACE_SINGLESTEP");
  }
}

void Task::go_on(int signal) const {
  drop_trap_flag();
  if (ptrace(PTRACE_CONT, tid_, nullptr, static_cast<long>(signal)) != 0 && errno != ESRCH) {
    die("PTRACE_CONT");
  }
}

void Task::hide_step() {
  Registers r = registers();
  if (r.rip != stepped_from_ && shows_ == Shows::kOnStack) {
    u16 flags = 0;
    if (read(r.rsp, &flags, sizeof flags)) {
      flags &= static_cast<u16>(~kTrapFlag);
      write(r.rsp, &flags, sizeof flags);
    }
  }
  if (shows_ == Shows::kInR11) {
    r.r11 &= ~kTrapFlag;
    set_registers(r);
  }
  shows_ = Shows::kNothing;
}

void Task::begin_behind_syscall() {
  shows_ = Shows::kInR11;
  hide_step();
}

bool Task::is_at_instruction(int wait_status) const {
  if (!WIFSTOPPED(wait_status) || wait_status >> 8 != SIGTRAP) return false;
  siginfo_t info{};
  if (ptrace(PTRACE_GETSIGINFO, tid_, nullptr, &info) != 0) return false;
  constexpr int kTrapHwbkpt = 4;
  return info.si_code == TRAP_TRACE || info.si_code == TRAP_BRKPT || info.si_code == kTrapHwbkpt ||
         info.si_code == SIGTRAP;  // a handler was entered
}

bool Task::is_in_restart(const Registers& r) {
  // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK of the kernel's own errno.h.
  const auto result = static_cast<i64>(r.rax);
  return static_cast<i64>(r.orig_rax) >= 0 &&
         (result == -512 || result == -513 || result == -514 || result == -516);
}

u64 Task::block_signals() const {
  u64 mask = 0;
  ptrace(PTRACE_GETSIGMASK, tid_, sizeof mask, &mask);
  u64 all = ~u64{0};
  for (const int signal : {SIGTRAP, SIGSEGV, SIGBUS, SIGILL}) all &= ~(u64{1} << (signal - 1));
  set_signal_mask(all);
  return mask;
}

void Task::set_signal_mask(u64 mask) const {
  ptrace(PTRACE_SETSIGMASK, tid_, sizeof mask, &mask);
}

u64 Task::syscall(u64 instruction, u64 number, u64 a, u64 b, u64 c, u64 d, u64 e) const {
  const Registers before = registers();
  Registers call = before;
  call.rip = instruction;
  call.rax = number;
  call.rdi = a;
  call.rsi = b;
  call.rdx = c;
  call.r10 = d;
  call.r8 = e;
  call.r9 = 0;
  call.orig_rax = ~u64{0};
  run_to(call, 0, 0, 0);
  const u64 result = registers().rax;
  set_registers(before);
  return result;
}

void Task::run_to(const Registers& start, u64 stop, u64 fault, u64 recover) const {
  const u64 mask = block_signals();
  set_registers(start);
  for (;;) {
    const auto request = stop == 0 ? PTRACE_SINGLESTEP : PTRACE_CONT;
    if (ptrace(request, tid_, nullptr, nullptr) != 0) die("calling in the program");
    int status = 0;
    if (waitpid(tid_, &status, __WALL) != tid_ || !WIFSTOPPED(status)) {
      die("the program ended while called");
    }
    Registers now = registers();
    if (WSTOPSIG(status) == SIGTRAP && (stop == 0 || now.rip == stop)) break;
    if (WSTOPSIG(status) == SIGSEGV && now.rip == fault) {
      now.rip = recover;
      set_registers(now);
      continue;
    }
    die("unexpected stop while called, at " + std::to_string(now.rip));
  }
  set_signal_mask(mask);
}

}  // namespace tiptoe::master
