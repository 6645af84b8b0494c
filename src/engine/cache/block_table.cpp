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
  enlist(block, first);
  if (page_bucket(last) != page_bucket(first)) enlist(block, last);
}

void BlockTable::remove(const sys::Held&, Block* block) {
  Block** link = &by_pc_[pc_bucket(block->start)];
  while (*link != nullptr && *link != block) link = &(*link)->next_in_hash;
  if (*link == nullptr) return;
  *link = block->next_in_hash;

  const u64 first = raw(block->start) / kPageBytes;
  const u64 last = (raw(block->start) + block->app_bytes - 1) / kPageBytes;
  unlist(block, first);
  if (page_bucket(last) != page_bucket(first)) unlist(block, last);
}

void BlockTable::enlist(Block* block, u64 page) {
  const u64 bucket = page_bucket(page);
  const unsigned side = side_in(*block, bucket);
  Block*& head = by_page_[bucket];
  block->next_on_page[side] = head;
  block->place_on_page[side] = &head;
  if (head != nullptr) {
    head->place_on_page[side_in(*head, bucket)] = &block->next_on_page[side];
  }
  head = block;
}

void BlockTable::unlist(Block* block, u64 page) {
  const u64 bucket = page_bucket(page);
  const unsigned side = side_in(*block, bucket);
  Block* next = block->next_on_page[side];
  *block->place_on_page[side] = next;
  if (next != nullptr) {
    next->place_on_page[side_in(*next, bucket)] = block->place_on_page[side];
  }
}

}  // namespace tiptoe::engine
