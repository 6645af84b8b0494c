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
  // Cost: the length of one chain of blocks with equal hash, however many lie on the same page.
  void remove(const sys::Held&, Block* block);

  // Calls visit(Block&) for every block with a byte in [start, start + bytes). The visit may remove
  // the block.
  template <typename Visit>
  void for_each_overlapping(const sys::Held& held, u64 start, u64 bytes, Visit visit);

 private:
  void enlist(Block* block, u64 page);
  void unlist(Block* block, u64 page);
  static constexpr unsigned kPageBits = 16;
  static constexpr unsigned kPcBits = 19;
  static constexpr unsigned kPcBitsInPage = 10;  // a bucket for each four bytes of code
  static constexpr u64 kPcBuckets = u64{1} << kPcBits;
  static constexpr u64 kPageBuckets = u64{1} << kPageBits;
  // The upper `bits` bits of a product: pages at any regular distance scatter.
  static u64 scattered(u64 page, unsigned bits) { return page * 0x9e3779b97f4a7c15 >> (64 - bits); }
  // What lies on one page of code shares pages of the table: to scatter every block would touch a
  // page for each.
  static u64 pc_bucket(AppPc pc) {
    const u64 in_page = raw(pc) % kPageBytes >> (12 - kPcBitsInPage);
    return scattered(raw(pc) / kPageBytes, kPcBits - kPcBitsInPage) << kPcBitsInPage | in_page;
  }
  static u64 page_bucket(u64 page) { return scattered(page, kPageBits); }
  static unsigned side_in(const Block& block, u64 bucket);

  Block** by_pc_ = nullptr;
  Block** by_page_ = nullptr;
};

// A block never spans more than two pages (the translator sees to it), so it is on at most two
// lists. Its links of side 0 are for the list of the page that it starts on, those of side 1 for
// the page that it runs into:
//
//     by_page_[first page]   ->  block  -0->  ...      The bucket tells the side, not the page:
//     pages by_page_[second page]  ->  block  -1->  ...      that share a bucket share a list, too,
//     and a
//                                                      block of two such pages is on it once.
inline unsigned BlockTable::side_in(const Block& block, u64 bucket) {
  return page_bucket(raw(block.start) / kPageBytes) == bucket ? 0 : 1;
}

template <typename Visit>
void BlockTable::for_each_overlapping(const sys::Held&, u64 start, u64 bytes, Visit visit) {
  for (u64 page = start / kPageBytes; page <= (start + bytes - 1) / kPageBytes; ++page) {
    const u64 bucket = page_bucket(page);
    for (Block *block = by_page_[bucket], *next; block != nullptr; block = next) {
      next = block->next_on_page[side_in(*block, bucket)];
      const u64 first = raw(block->start) / kPageBytes;
      const u64 last = (raw(block->start) + block->app_bytes - 1) / kPageBytes;
      if ((first == page || last == page) && raw(block->start) < start + bytes &&
          start < raw(block->start) + block->app_bytes) {
        visit(*block);
      }
    }
  }
}

}  // namespace tiptoe::engine
