#include "engine/syscall/seccomp.h"

#include <asm/errno.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "engine/context/safe_copy.h"
#include "engine/syscall/user_dispatch.h"
#include "sys/clock.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kPrSetMdwe = 65;  // not in every <linux/prctl.h>

struct FilterProgram {  // struct sock_fprog
  u16 length;
  u64 code;
};
static_assert(sizeof(FilterProgram) == 16);

constexpr u32 kMaxLength = 4096;  // BPF_MAXINSNS

// Filters begin with their accumulator at 0.
constexpr u32 kExemptionLength = 6;
void write_exemption(sock_filter* out) {
  constexpr u32 kAddressLow = 8, kAddressHigh = 12;  // seccomp_data.instruction_pointer
  const u64 seen = sys::call_site() + sys::kSyscallBytes;
  const sock_filter code[kExemptionLength] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kAddressLow},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, low32(seen)},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kAddressHigh},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, high32(seen)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      {BPF_LD | BPF_IMM, 0, 0, 0},
  };
  for (const sock_filter& instruction : code) *out++ = instruction;
}

// Makes the call with another value in one of its argument registers.
i64 make_with(const AppCall& call, x86::Gpr which, u64 value) {
  u64& argument = call.thread.context.gpr[which];
  const u64 before = argument;
  argument = value;
  const i64 result = call.make();
  argument = before;
  return result;
}

// `pointer`: the register that points to the program's struct sock_fprog. What is wrong with it is
// for the kernel to say.
i64 install_filter(const AppCall& call, x86::Gpr pointer) {
  FilterProgram program;
  const u64 address = call.thread.context.gpr[pointer];
  if (safe_copy(&program, reinterpret_cast<const void*>(address), sizeof program) != 0 ||
      program.length == 0 || program.length > kMaxLength) {
    return call.make();
  }
  const u32 length = program.length + kExemptionLength;
  const u64 bytes = align_up(length * sizeof(sock_filter), kPageBytes);
  const u64 memory = length > kMaxLength ? 0 : sys::map_private(bytes, PROT_READ | PROT_WRITE);
  if (memory == 0) {
    const i64 result = call.make();
    if (!sys::is_error(result)) call.core.foreign_filter = call.core.filtered = true;
    return result;
  }
  auto* code = reinterpret_cast<sock_filter*>(memory);
  write_exemption(code);
  i64 result;
  if (safe_copy(code + kExemptionLength, reinterpret_cast<const void*>(program.code),
                program.length * sizeof(sock_filter)) != 0) {
    result = call.make();
  } else {
    const FilterProgram longer{static_cast<u16>(length), memory};
    result = make_with(call, pointer, reinterpret_cast<u64>(&longer));
    if (!sys::is_error(result)) call.core.filtered = true;
  }
  sys::call(__NR_munmap, memory, bytes);
  return result;
}

SyscallAction enter_strict_mode(const AppCall& call) {
  if (call.core.filtered) return finish(call, -EINVAL);  // the mode cannot change any more
  call.thread.strict_seccomp = 1;
  return finish(call, 0);
}

}  // namespace

i64 filters_answer(const AppCall& call) {
  u64* const gpr = call.thread.context.gpr;
  const u64 before[] = {gpr[x86::kRdi], gpr[x86::kRsi], gpr[x86::kRdx]};
  switch (call.number) {
    case __NR_rt_sigaction:
    case __NR_rt_sigprocmask:
      gpr[x86::kRsi] = gpr[x86::kRdx] = 0;
      break;
    case __NR_sigaltstack:
      gpr[x86::kRdi] = gpr[x86::kRsi] = 0;
      break;
    default:
      return 0;
  }
  // Without its pointers the call changes nothing and always succeeds, but for arguments that are
  // wrong natively, too.
  const i64 answer = call.make();
  gpr[x86::kRdi] = before[0];
  gpr[x86::kRsi] = before[1];
  gpr[x86::kRdx] = before[2];
  return answer;
}

bool strict_mode_allows(i64 number) {
  return number == __NR_read || number == __NR_write || number == __NR_exit ||
         number == __NR_rt_sigreturn;
}

SyscallAction end_in_strict_mode(const AppCall& call) {
  bool is_alone = true;
  for (ThreadState* thread = call.core.threads; thread != nullptr; thread = thread->next) {
    if (thread != &call.thread && thread->in_use != 0) is_alone = false;
  }
  if (is_alone) {
    sys::call(__NR_kill, sys::call(__NR_getpid), SIGKILL);
  }
  return on_exit(call);
}

SyscallAction on_prctl(const AppCall& call) {
  if (call.argument(0) == kPrSetMdwe) return on_set_mdwe(call);
  if (call.argument(0) == PR_SET_SYSCALL_USER_DISPATCH)
    return finish(call, set_user_dispatch(call));
  if (call.argument(0) == PR_SET_TSC && call.argument(1) == PR_TSC_SIGSEGV) {
    sys::g_tsc_may_fault = true;
  }
  if (call.argument(0) != PR_SET_SECCOMP) return SyscallAction::kPassThrough;
  switch (call.argument(1)) {
    case SECCOMP_MODE_STRICT:
      return enter_strict_mode(call);
    case SECCOMP_MODE_FILTER:
      return finish(call, install_filter(call, x86::kRdx));
    default:
      return SyscallAction::kPassThrough;
  }
}

SyscallAction on_seccomp(const AppCall& call) {
  switch (call.argument(0)) {
    case SECCOMP_SET_MODE_STRICT:
      if (call.argument(1) != 0 || call.argument(2) != 0) return SyscallAction::kPassThrough;
      return enter_strict_mode(call);
    case SECCOMP_SET_MODE_FILTER:
      return finish(call, install_filter(call, x86::kRdx));
    default:
      return SyscallAction::kPassThrough;
  }
}

}  // namespace tiptoe::engine
