// The things that every part of the engine talks about: blocks, their entries, their exits.
#pragma once

#include "arch/x86/decode.h"
#include "base/types.h"
#include "bridge/definitions.h"

namespace tiptoe::engine {

struct Block;
class Unit;

// The ways into a block. Each leaves the program's registers, flags and stack as they must be at
// the block's first instruction; they differ in what they find:
enum class Entry : u8 {
  kBody,      // everything in place
  kDrop,      // a word too much on top of the program's stack: behind a call the cache address that
              // the real `call` has pushed, behind a return the return address
  kIndirect,  // by a lookup: the program's rcx is parked in Spill::kBranch
};
constexpr unsigned kEntryCount = 3;

// A patchable transfer to another block: `site` is the address of a 4-byte displacement, which
// never straddles an aligned 8-byte word. Two states, written by link.cpp only:
//
//   unlinked   displacement leads to `stub` (cold code that enters the dispatcher with this exit's
//   index) linked     displacement leads to entry `role` of `to`, which lists this exit among its
//   `incoming`
struct Exit {
  Block* owner;
  Block* to;              // linked block, or nullptr
  Exit* next_incoming;    // in to->incoming
  Exit** incoming_place;  // what points to this exit there
  AppPc target;           // direct: the destination. A landing: the return address
  CachePc site;           // CachePc{0}: an exit without a link (return, system call)
  CachePc stub;
  u32 flow_id;      // 0: leaves no record (a landing), or nothing is recorded
  u16 instruction;  // index within the block
  u16 app_offset;   // of that instruction within the block
  ExitKind kind;
  Entry role;       // how a link enters its target
  bool is_landing;  // the jump behind a real call, to which the callee returns
};

// Where one byte of a block's code stands in the program: see context/state_map.h.
struct MapEntry {
  u16 offset;       // first cache byte, from the start of the piece
  u16 app_offset;   // the app instruction, from the start of the block
  u16 instruction;  // its index within the block
  u16 state;        // index into the table of parked states
};

// A run of emitted code with its map. A block has one hot and one cold piece; entries that are
// added later are pieces of their own.
struct Piece {
  CachePc start;
  u32 bytes;
  u32 entry_count;
  MapEntry* entries;
  Block* block;
};

struct Block {
  AppPc start;
  Unit* unit;     // of the cache, where all of it lies
  u32 app_bytes;  // length of the straight run of app code
  u16 instruction_count;
  u16 exit_count;
  Exit* exits;        // exit_count of them
  u32 first_flow_id;  // 0 when nothing is recorded
  bool valid;         // false once its code may have changed: nothing links to it any more
  bool checked;       // compares its app bytes on entry; its last exit says that they have changed
  bool counted;       // counts the matches; its last exit but one says that they are enough
  CachePc after_check_point;  // tiptoe run --check: where the body goes on behind its check point
  CachePc entries[kEntryCount];  // CachePc{0} when that way in does not exist yet
  Exit* incoming;                // exits linked to this block
  Block* next_in_hash;
  Block* next_on_page[2];    // blocks that start on, or run into, the same page
  Block** place_on_page[2];  // what points to this block there; see BlockTable
};

// Where a return arrives: at the jump whose displacement is the site of the landing.
inline CachePc landing_of(const Exit& landing) {
  return landing.site + -1;
}

inline Exit& stale_exit(const Block& block) {
  return block.exits[block.exit_count - 1];
}
inline Exit& trusted_exit(const Block& block) {
  return block.exits[block.exit_count - 2];
}

}  // namespace tiptoe::engine
