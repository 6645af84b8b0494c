#include "engine/cache/block_table.h"

#include <linux/mman.h>

#include "sys/mapping.h"

namespace tiptoe::engine {

bool BlockTable::init() {
  constexpr int kRw = PROT_READ | PROT_WRITE;
  by_pc_ = reinterpret_cast<Block**>(sys::map_private(kPcBuckets * sizeof(Block*), kRw));
  by_page_ = reinterpret_cast<Block**>(sys::map_private(kPageBuckets * sizeof(Block*), kRw));
  return by_pc_ != nullptr && by_page_ != nullptr;
}

Block* BlockTable::find(const sys::Held&, AppPc pc) const {
  for (Block* block = by_pc_[pc_bucket(pc)]; block != nullptr; block = block->next_in_hash) {
    if (block->start == pc) return block;
  }
  return nullptr;
}

void BlockTable::insert(const sys::Held&, Block* block) {
  Block*& pc_head = by_pc_[pc_bucket(block->start)];
  block->next_in_hash = pc_head;
  pc_head = block;

  const u64 first = raw(block->start) / kPageBytes;
  const u64 last = (raw(block->start) + block->app_bytes - 1) / kPageBytes;
  Block*& first_head = by_page_[page_bucket(first)];
  block->next_on_page[0] = first_head;
  first_head = block;
  if (last == first || page_bucket(last) == page_bucket(first)) return;
  Block*& last_head = by_page_[page_bucket(last)];
  block->next_on_page[1] = last_head;
  last_head = block;
}

void BlockTable::remove(const sys::Held&, Block* block) {
  Block** link = &by_pc_[pc_bucket(block->start)];
  while (*link != nullptr && *link != block) link = &(*link)->next_in_hash;
  if (*link == block) *link = block->next_in_hash;
}

void BlockTable::forget(const sys::Held&, Block* block) {
  const u64 first = raw(block->start) / kPageBytes;
  const u64 last = (raw(block->start) + block->app_bytes - 1) / kPageBytes;
  unlist(block, first);
  if (page_bucket(last) != page_bucket(first)) unlist(block, last);
}

// On the list of its second page a block is linked through next_on_page[1]; see
// for_each_overlapping.
void BlockTable::unlist(Block* block, u64 page) {
  const u64 bucket = page_bucket(page);
  Block** link = &by_page_[bucket];
  while (*link != nullptr && *link != block) {
    const u64 first = raw((*link)->start) / kPageBytes;
    link = &(*link)->next_on_page[page_bucket(first) == bucket ? 0 : 1];
  }
  if (*link == nullptr) return;  // dropped by a visit since it was removed
  const u64 first = raw(block->start) / kPageBytes;
  *link = block->next_on_page[page_bucket(first) == bucket ? 0 : 1];
}

}  // namespace tiptoe::engine
