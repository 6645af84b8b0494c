#include "engine/translate/evict.h"

#include "engine/link/link.h"
#include "engine/translate/translate.h"
#include "sys/fail.h"

namespace tiptoe::engine {
namespace {

// Whether the thread cannot be inside, or on its way into, what was evicted at `epoch`.
bool has_left(const ThreadState& thread, u64 epoch) {
  if (__atomic_load_n(&thread.in_use, __ATOMIC_ACQUIRE) == 0) return true;
  const u64 held = __atomic_load_n(&thread.cache_epoch, __ATOMIC_ACQUIRE);
  return held == 0 || held >= epoch;
}

bool all_have_left(const Core& core, u64 epoch) {
  for (const ThreadState* thread = core.threads; thread != nullptr; thread = thread->next) {
    if (!has_left(*thread, epoch)) return false;
  }
  return true;
}

void release_evicted(const sys::Held& held, Core& core, AppPc near) {
  while (const Unit* unit = core.cache.first_evicted(held)) {
    if (!all_have_left(core, unit->evicted_at)) return;
    core.cache.release_first_evicted(held, near);
  }
}

// Nothing leads into the block, and nothing leads on from it but through the dispatcher.
void detach(const sys::Held& held, Core& core, Block& block) {
  invalidate_block(held, core, block);
  for (u32 i = 0; i < block.exit_count; ++i) unlink(held, block.exits[i]);
}

void evict_oldest(const sys::Held& held, Core& core) {
  const Unit* unit = core.cache.oldest(held);
  if (unit == nullptr) return;
  sys::log(1, "evicting a unit of the cache (at, bytes of records)", unit->place().hot,
           unit->metadata_bytes());
  for (const Piece& piece : unit->hot_pieces()) detach(held, core, *piece.block);
  core.cache.retire_oldest(held, ++core.epoch);
}

}  // namespace

Unit& unit_for(const sys::Held& held, Core& core, AppPc pc) {
  if (Unit* unit = core.cache.unit_with_room(held, pc)) return *unit;
  release_evicted(held, core, pc);
  if (core.cache.is_full(held)) evict_oldest(held, core);
  Unit* unit = core.cache.open_unit(held, pc);
  TIPTOE_CHECK(unit != nullptr, raw(pc), core.epoch);
  return *unit;
}

void salt_tables(const sys::Held& held, Core& core) {
  sys::log(1, "addresses in use share low halves: the lookup tables are salted");
  while (core.cache.oldest(held) != nullptr) evict_oldest(held, core);
  core.returns.salt();
  core.indirects.salt();
}

void hold_cache(const sys::Held&, const Core& core, ThreadState& thread) {
  __atomic_store_n(&thread.cache_epoch, core.epoch, __ATOMIC_RELEASE);
}

void release_cache(ThreadState& thread) {
  __atomic_store_n(&thread.cache_epoch, 0, __ATOMIC_RELEASE);
}

}  // namespace tiptoe::engine
