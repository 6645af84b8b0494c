#include "check/twin.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <algorithm>

#include "inject/process_facts.h"
#include "inject/tracee.h"

namespace tiptoe::check {
namespace {

// Layout of an XSAVE area: the legacy region with mxcsr, then the header with the bitmap of
// components.
constexpr size_t kMxcsrOffset = 24;
constexpr size_t kXstateHeaderOffset = 512;
constexpr u32 kMxcsrDefault = 0x1f80;
constexpr size_t kMaxVectorStateBytes = 16 << 10;

constexpr std::array<u8, 1> kBreakpoint = {0xcc};

std::vector<Range> unwritable_code(pid_t pid) {
  std::vector<Range> result;
  for (const inject::Mapping& mapping :
       inject::read_mappings(pid).value_or(std::vector<inject::Mapping>())) {
    if ((mapping.protection & (PROT_WRITE | PROT_EXEC)) != PROT_EXEC) continue;
    result.push_back({mapping.start, mapping.end - mapping.start});
  }
  return result;
}

}  // namespace

Expected<Twin> Twin::start(const inject::Command& command,
                           const inject::InheritedState& inherited) {
  const inject::Launched launched = inject::launch(command, inherited, true);
  if (launched.outcome != inject::LaunchOutcome::kAtExec) {
    return Error{std::string("starting the native twin: ") + launched.what + ": " +
                 strerror(launched.error)};
  }
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, launched.pid, 0)));
  Expected<ProcessMemory> memory = ProcessMemory::of(launched.pid);
  if (!memory) return memory.error();
  Twin twin(std::move(pidfd), launched.pid, std::move(*memory));
  const Expected<inject::Tracee> tracee = inject::Tracee::at_exec(launched.pid);
  if (!tracee) return tracee.error();
  twin.registers_ = tracee->initial_registers();
  return twin;
}

Twin::~Twin() {
  if (!pidfd_) return;
  kill(tid_, SIGKILL);
  waitpid(tid_, nullptr, __WALL);
}

void Twin::set_registers(const Registers& registers) {
  registers_ = registers;
  registers_.orig_rax = ~0ull;  // no system call to restart
  ptrace(PTRACE_SETREGS, tid_, 0, &registers_);
}

int Twin::resume(int request) {
  for (;;) {
    if (ptrace(static_cast<__ptrace_request>(request), tid_, 0, 0) != 0) return kLost;
    int status = 0;
    while (waitpid(tid_, &status, __WALL) < 0) {
      if (errno != EINTR) return kLost;
    }
    if (!WIFSTOPPED(status)) return kLost;
    ptrace(PTRACE_GETREGS, tid_, 0, &registers_);
    const int signal = WSTOPSIG(status);
    if (signal == SIGTRAP && status >> 16 == 0) return 0;
    if (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE) {
      return signal;
    }
    // A signal sent to the whole group, job control: the twin does not get it.
  }
}

int Twin::step() {
  return resume(PTRACE_SINGLESTEP);
}

bool Twin::may_stop_at(u64 pc) const {
  if (fixed_code_.empty()) fixed_code_ = unwritable_code(tid_);
  for (const Range& range : fixed_code_) {
    if (pc - range.start < range.bytes) return true;
  }
  return false;
}

int Twin::run_to(std::span<const u64> stops) {
  std::vector<std::array<u8, 1>> saved(stops.size());
  for (size_t i = 0; i < stops.size(); ++i) {
    memory_.read(stops[i], saved[i]);
    memory_.write(stops[i], kBreakpoint);
  }
  const int signal = resume(PTRACE_CONT);
  for (size_t i = stops.size(); i-- > 0;) memory_.write(stops[i], saved[i]);
  const bool stopped = std::find(stops.begin(), stops.end(), registers_.rip - 1) != stops.end();
  if (signal == 0 && stopped) {
    Registers registers = registers_;
    --registers.rip;
    set_registers(registers);
  }
  return signal;
}

i64 Twin::syscall(u64 number, std::array<u64, 6> arguments) {
  const Registers before = registers_;
  Registers call = before;
  call.rax = number;
  call.rdi = arguments[0];
  call.rsi = arguments[1];
  call.rdx = arguments[2];
  call.r10 = arguments[3];
  call.r8 = arguments[4];
  call.r9 = arguments[5];
  set_registers(call);
  step();
  fixed_code_.clear();
  const i64 result = static_cast<i64>(registers_.rax);
  set_registers(before);
  return result;
}

std::vector<u8> Twin::vector_state() const {
  std::vector<u8> state(kMaxVectorStateBytes);
  iovec area{state.data(), state.size()};
  if (ptrace(PTRACE_GETREGSET, tid_, NT_X86_XSTATE, &area) != 0) return {};
  state.resize(area.iov_len);
  return state;
}

void Twin::set_vector_state(std::span<const u8> state) {
  iovec area{const_cast<u8*>(state.data()), state.size()};
  if (!state.empty()) ptrace(PTRACE_SETREGSET, tid_, NT_X86_XSTATE, &area);
}

void Twin::reset_vector_state() {
  std::vector<u8> state = vector_state();
  if (state.size() < kXstateHeaderOffset + 8) return;
  memcpy(&state[kMxcsrOffset], &kMxcsrDefault, sizeof kMxcsrDefault);
  memset(&state[kXstateHeaderOffset], 0, 8);
  set_vector_state(state);
}

}  // namespace tiptoe::check
