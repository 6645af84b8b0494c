#include "check/native_syscall.h"

#include <asm/prctl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

namespace tiptoe::check {
namespace {

constexpr u64 kSyscallBytes = 2;
constexpr u64 kTrapAndResumeFlags = 1 << 8 | 1 << 16;
constexpr u64 kCopyBytes = 1 << 20;

bool is_error(i64 result) {
  return static_cast<u64>(result) >= static_cast<u64>(-4095);
}

// What the program sees in [start, start + bytes), as far as there is something to see.
void copy_contents(Twin& twin, const ProcessMemory& program, u64 start, u64 bytes) {
  std::vector<u8> buffer(std::min(bytes, kCopyBytes));
  for (u64 done = 0; done < bytes; done += kCopyBytes) {
    const u64 got = program.read(start + done, {buffer.data(), std::min(kCopyBytes, bytes - done)});
    for (u64 page = 0; page < got; page += kPageBytes) {
      const std::span<const u8> contents(&buffer[page], std::min(kPageBytes, got - page));
      const bool is_zero =
          std::all_of(contents.begin(), contents.end(), [](u8 b) { return b == 0; });
      if (!is_zero) twin.memory().write(start + done + page, contents);
    }
  }
}

// Anonymous memory with the program's contents stands for every kind of mapping.
void map_as_program(Twin& twin, const ProcessMemory& program, u64 start, u64 bytes, u64 protection,
                    bool has_contents) {
  constexpr u64 kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  twin.syscall(SYS_mmap, {start, bytes, PROT_READ | PROT_WRITE, kFlags, ~0ull, 0});
  if (has_contents) copy_contents(twin, program, start, bytes);
  if (protection != (PROT_READ | PROT_WRITE)) {
    twin.syscall(SYS_mprotect, {start, bytes, protection});
  }
}

void follow_mremap(Twin& twin, const SystemCall& call, u64 result) {
  const auto& a = call.arguments;
  const u64 moved = result != a[0] ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;
  const u64 kept = a[3] & MREMAP_DONTUNMAP;
  twin.syscall(SYS_mremap, {a[0], a[1], a[2], moved | kept, result});
}

void follow_address_space(Twin& twin, const ProcessMemory& program, const SystemCall& call,
                          u64 result) {
  const auto& a = call.arguments;
  switch (call.number) {
    case SYS_mmap:
      return map_as_program(twin, program, result, align_up(a[1], kPageBytes), a[2],
                            (a[3] & MAP_ANONYMOUS) == 0);
    case SYS_mremap:
      return follow_mremap(twin, call, result);
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_brk:
      twin.syscall(call.number, a);
      return;
    case SYS_pkey_mprotect:
      twin.syscall(SYS_mprotect, a);
      return;
    default:
      return;
  }
}

constexpr char kStartsThread[] = "the program starts a thread";

// Something that runs in the same memory at the same time.
bool starts_thread(u64 clone_flags) {
  return (clone_flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM;
}

void follow_segment_base(const SystemCall& call, Registers& registers) {
  if (call.number != SYS_arch_prctl) return;
  if (call.arguments[0] == ARCH_SET_FS) registers.fs_base = call.arguments[1];
  if (call.arguments[0] == ARCH_SET_GS) registers.gs_base = call.arguments[1];
}

}  // namespace

SystemCall pending_call(const Registers& r) {
  return {static_cast<u32>(r.rax), {r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9}};
}

std::string reason_to_end(const ProcessMemory& program, const SystemCall& call) {
  switch (call.number) {
    case SYS_clone:
      return starts_thread(call.arguments[0]) ? kStartsThread : "";
    case SYS_clone3: {  // the flags are the first word of the structure
      u64 flags = 0;
      program.read(call.arguments[0], {reinterpret_cast<u8*>(&flags), sizeof flags});
      return starts_thread(flags) ? kStartsThread : "";
    }
    case SYS_shmat:
      return "the program shares memory with others (shmat)";
    default:
      return "";
  }
}

void follow_call(Twin& twin, const ProcessMemory& program, const SystemCall& call, i64 result) {
  if (!is_error(result)) {
    follow_address_space(twin, program, call, static_cast<u64>(result));
  }
  Registers registers = twin.registers();
  if (!is_error(result)) follow_segment_base(call, registers);
  registers.rip += kSyscallBytes;
  registers.rax = static_cast<u64>(result);
  registers.rcx = registers.rip;
  registers.r11 = registers.eflags & ~kTrapAndResumeFlags;
  twin.set_registers(registers);
  copy_differences(program, twin.memory());
}

}  // namespace tiptoe::check
