// All translated blocks, found by the app pc they start at, or by a page they lie on.
#pragma once

#include "engine/types.h"
#include "sys/lock.h"

namespace tiptoe::engine {

class BlockTable {
 public:
  bool init();

  // The valid block that starts at `pc`, or nullptr.
  Block* find(const sys::Held&, AppPc pc) const;
  void insert(const sys::Held&, Block* block);
  void remove(const sys::Held&, Block* block);  // from the by-pc side; pages keep it until visited
  // Takes a block that was removed off the lists by page, too: its memory is about to be used
  // again.
  void forget(const sys::Held&, Block* block);

  // Calls visit(Block&) for every valid block with a byte in [start, start + bytes).
  template <typename Visit>
  void for_each_overlapping(const sys::Held& held, u64 start, u64 bytes, Visit visit);

 private:
  void unlist(Block* block, u64 page);
  static constexpr u64 kPcBuckets = u64{1} << 18;
  static constexpr u64 kPageBuckets = u64{1} << 16;
  // Neighbouring code shares pages of the table: a scattering hash would touch a page for every
  // block.
  static u64 pc_bucket(AppPc pc) { return (raw(pc) >> 2 ^ raw(pc) >> 30) & (kPcBuckets - 1); }
  static u64 page_bucket(u64 page) { return (page ^ page >> 20) & (kPageBuckets - 1); }

  Block** by_pc_ = nullptr;
  Block** by_page_ = nullptr;
};

// A block never spans more than two pages (the translator sees to it), so it is on at most two
// lists, the second through next_on_page[1].
template <typename Visit>
void BlockTable::for_each_overlapping(const sys::Held&, u64 start, u64 bytes, Visit visit) {
  for (u64 page = start / kPageBytes; page <= (start + bytes - 1) / kPageBytes; ++page) {
    Block** link = &by_page_[page_bucket(page)];
    while (Block* block = *link) {
      const u64 first = raw(block->start) / kPageBytes;
      const u64 last = (raw(block->start) + block->app_bytes - 1) / kPageBytes;
      // Two pages of one block may share a bucket; which list we are on is told by the link itself.
      const unsigned side = page_bucket(first) == page_bucket(page) ? 0 : 1;
      Block** next = &block->next_on_page[side];
      if (!block->valid) {
        *link = *next;
        continue;
      }
      if ((first == page || last == page) && raw(block->start) < start + bytes &&
          start < raw(block->start) + block->app_bytes) {
        visit(*block);
      }
      link = next;
    }
  }
}

}  // namespace tiptoe::engine
