// Everything that translation works on, for one traced process: shared by all its threads.
#pragma once

#include "bridge/check_mailbox.h"
#include "engine/cache/block_table.h"
#include "engine/cache/code_cache.h"
#include "engine/event/definitions.h"
#include "engine/link/lookup_table.h"
#include "engine/translate/rseq.h"
#include "engine/trust/address_space.h"

namespace tiptoe::engine {

// A resource limit as the program sees it, see thread/own_limits.h.
struct OwnLimit {
  bool active;  // it differs from the kernel's
  u64 soft;
  u64 hard;
};

struct Core {
  sys::Lock lock;  // guards translation: everything below but where its own comment says otherwise
  // Held, after `lock`, from when the kernel has said that there is no code at an address until the
  // fault of the thread that was sent there has arrived. Calls that make memory executable wait for
  // it: else the thread would run what has just come there, natively.
  sys::Lock fault_on_the_way;
  // How many calls that make memory executable are under way without the lock (syscall/memory.cpp).
  u32 executable_on_the_way = 0;
  u64 fork_page = 0;  // see sys/shared_page.h; 0: not needed yet
  CodeCache cache;
  BlockTable blocks;
  StateTable states;
  AddressSpace space;
  RseqSections rseq;
  LookupTable returns;
  LookupTable indirects;
  EventMemory events;
  Definitions definitions;
  ThreadState* threads = nullptr;
  struct SignalTable* spare_signal_tables = nullptr;
  u64 epoch = 1;  // counts evictions; see docs/CACHE.md
  i32 trust_threshold = -1;
  u64 hwcap2 = 0;
  u64 translated_instructions = 0;
  CheckMailbox* check = nullptr;  // tiptoe run --check; see dispatch/check_point.h
  bool plant_fault = false;       // BootFlag::kBootPlantFault
  u64 runtime_start = 0;          // where the runtime itself is mapped
  u64 runtime_bytes = 0;
  OwnLimit own_limits[2] = {};  // RLIMIT_AS, RLIMIT_DATA
  u32 lock_future = 0;          // flags of an mlockall that holds for what is mapped later
  bool filtered = false;        // seccomp filters judge the program's system calls
  bool foreign_filter = false;  // one of them knows nothing of the call page

  // `cache_bytes`: how much translated code to keep. `address_space_limit`: RLIMIT_AS in bytes, ~0
  // when there is none; reservations are a share of it.
  bool init(u64 cache_bytes, u64 address_space_limit);

  // Exits are numbered, so that emitted code can name one by a 32-bit constant. Number 0 is no
  // exit.
  Exit& exit(u32 number) { return *static_cast<Exit*>(cache.metadata().item(number)); }
  u32 number_of(const Exit& exit) { return cache.metadata().number_of(&exit); }
};

// rdfsbase and its kin may be used.
inline bool has_fsgsbase(const Core& core) {
  constexpr u64 kHwcap2FsGsBase = 2;
  return (core.hwcap2 & kHwcap2FsGsBase) != 0;
}

}  // namespace tiptoe::engine
