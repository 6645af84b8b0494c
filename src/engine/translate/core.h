// Everything that translation works on, for one traced process: shared by all its threads.
#pragma once

#include "bridge/check_mailbox.h"
#include "engine/cache/block_table.h"
#include "engine/cache/code_cache.h"
#include "engine/event/definitions.h"
#include "engine/link/lookup_table.h"
#include "engine/trust/address_space.h"

namespace tiptoe::engine {

// Exits are numbered, so that emitted code can name one by a 32-bit constant. Number 0 is no exit.
class ExitTable {
 public:
  bool init(u64 address_space_limit);
  // `count` consecutive exits, zeroed.
  Exit* take(u32 count);
  Exit& operator[](u32 index) const { return exits_[index]; }
  u32 index_of(const Exit& exit) const { return static_cast<u32>(&exit - exits_); }

 private:
  Exit* exits_ = nullptr;
  u32 count_ = 1;
  u32 max_ = 0;
};

struct Core {
  sys::Lock lock;  // guards translation: everything below but where its own comment says otherwise
  CodeCache cache;
  BlockTable blocks;
  StateTable states;
  ExitTable exits;
  AddressSpace space;
  LookupTable returns;
  LookupTable indirects;
  EventMemory events;
  Definitions definitions;
  ThreadState* threads = nullptr;
  i32 trust_threshold = -1;
  u64 hwcap2 = 0;
  u64 translated_instructions = 0;
  CheckMailbox* check = nullptr;  // tiptoe run --check; see dispatch/check_point.h
  bool plant_fault = false;       // BootFlag::kBootPlantFault
  u64 runtime_start = 0;          // where the runtime itself is mapped
  u64 runtime_bytes = 0;

  // `address_space_limit`: RLIMIT_AS in bytes, ~0 when there is none; reservations are a share of
  // it.
  bool init(u64 address_space_limit);
};

}  // namespace tiptoe::engine
