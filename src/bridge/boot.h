// What the injector tells the runtime, and how the runtime is laid out for the injector.
//
// The runtime is an ELF shared object (freestanding, relative relocations only) that is embedded in
// the command. The injector maps its PT_LOAD segments at one free place of the target, applies the
// relocations from outside, finds the two dynamic symbols below, fills in `tiptoe_boot`, points the
// thread at `tiptoe_entry` with every other register untouched, and detaches.
#pragma once

#include "base/types.h"

namespace tiptoe {

constexpr char kBootSymbol[] = "tiptoe_boot";    // a BootParams in the runtime's writable data
constexpr char kEntrySymbol[] = "tiptoe_entry";  // where the thread starts
constexpr u64 kBootMagic = 0x746f6f42'65706f54;  // "TopeBoot", checked by both sides

// The smallest code cache that is of use, and what is taken when nobody says otherwise.
constexpr u64 kLeastCacheBytes = u64{512} << 10;
constexpr u64 kDefaultCacheBytes = u64{256} << 20;

// General-purpose registers in hardware order, then what else the kernel gives a thread.
struct BootRegisters {
  u64 gpr[16];  // rax rcx rdx rbx rsp rbp rsi rdi r8..r15
  u64 rip;
  u64 rflags;
  u64 fs_base;
  u64 gs_base;
};

// One line of /proc/PID/maps at the moment of injection, without the runtime's own mappings.
struct BootMapping {
  u64 start;
  u64 end;
  u64 file_offset;
  u64 inode;
  u32 device;
  u8 protection;   // PROT_* bits
  u8 is_shared;    // MAP_SHARED
  u16 path_bytes;  // path, or [stack], [vdso]...; the paths stand one after another in boot.paths
};
static_assert(sizeof(BootMapping) == 40);

constexpr u32 kMaxBootMappings = 64;
constexpr u32 kMaxBootPathBytes = 8192;

// The call page: where the runtime makes its system calls (sys/syscall.h). Always the same place,
// because seccomp filters that name it outlive the program that installed them. It begins with
// `syscall; ret`.
constexpr u64 kCallPage = 0x7e8f'ffc0'0000;

enum BootFlag : u32 {
  kBootAwaitDebugger = 1 << 4,  // wait before the first instruction until somebody clears this flag
  kBootCheck =
      1 << 0,  // lock-step validation (tiptoe run --check): see engine/dispatch/check_point.h
  kBootPlantFault =
      1 << 2,  // the checker's own test: see kPlantedFaultImmediate. No option sets it
  kBootReadImpliesExec =
      1 << 1,              // personality READ_IMPLIES_EXEC: every readable page is executable
  kBootFiltered = 1 << 3,  // seccomp filters are installed
};

struct BootParams {
  u64 magic;
  BootRegisters registers;  // the thread's registers at the first instruction of the new image
  u64 segment;              // address at which the shared memory is mapped in the target
  u64 segment_bytes;
  u64 runtime_start;  // the runtime's own mapping
  u64 runtime_bytes;
  u64 call_page;          // kCallPage, or 0 when something else stands there
  u64 hwcap2;             // AT_HWCAP2 (bit 1: rdfsbase/wrgsbase usable)
  u64 minsigstksz;        // AT_MINSIGSTKSZ, 2048 when absent
  u64 stack_limit_bytes;  // RLIMIT_STACK soft limit, ~0 when unlimited
  u64 mmap_limit_bytes;   // RLIMIT_AS soft limit, ~0 when unlimited
  u64 cache_bytes;        // how much translated code to keep
  i32 trust_threshold;    // -1 never trust, 0 at once, N after N matching entries
  u32 flags;              // BootFlag
  u32 log_level;          // 0 quiet, 1 problems, 2 blocks, 3 everything
  u32 mapping_count;
  BootMapping mappings[kMaxBootMappings];
  char paths[kMaxBootPathBytes];
};

}  // namespace tiptoe
