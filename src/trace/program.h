// What a trace tells about the program: images, processes, threads, modules by time, and the blocks
// behind the exit ids of the flow streams.
//
// Built from the definition sections in one pass. The order of a process' definition stream is
// exact: a block is defined after the mapping it lies in and before that goes away, so each piece
// of a block is given its module once, here, and a later module at the same address cannot confuse
// it. A forked child begins with the modules that its parent had at the fork.
//
// Memory: the uncompressed definition records and about as much again. Immutable once loaded.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/definitions.h"
#include "trace/reader.h"

namespace tiptoe::trace {

constexpr u32 kNone = ~0u;

// One executable mapping, from the moment it appeared.
struct Module {
  u32 image = 0;
  u32 process = 0;
  u64 start = 0;
  u64 bytes = 0;
  u64 file_offset = 0;
  u64 inode = 0;
  u32 device = 0;
  u32 protection = 0;
  u64 tsc = 0;
  std::string path;            // empty: anonymous
  std::span<const u8> memory;  // the mapped bytes themselves, when no file has them
};

// A straight run of app code inside a block.
struct Segment {
  u64 pc = 0;
  std::span<const u8> bytes;
  u32 module = kNone;  // index into Program::modules
};

struct Block {
  u32 first_exit_id = 0;
  u32 first_slot = 0;     // see Image::slot_of
  u32 first_segment = 0;  // index into Image::segments
  u32 process = 0;        // that translated it (forked children use their parent's blocks too)
  u16 exit_count = 0;
  u16 segment_count = 0;
  u16 instruction_count = 0;
  u8 mode = 0;
  const u8* exits = nullptr;

  BlockExit exit(u32 index) const;
};

struct Thread {
  u32 stream = 0;
  u32 process = 0;
  i32 tid = 0;
  u32 parent_stream = 0;
  u64 start_pc = 0;
  u64 begin_tsc = 0;
  u64 end_tsc = 0;      // 0: its end was not recorded
  bool defined = true;  // false: flow without a thread definition (a damaged file)
};

struct Process {
  u32 number = 0;
  u32 parent = 0;
  i32 pid = 0;
  i32 parent_pid = 0;
  u64 tsc = 0;
  bool exec = false;               // it went on as another image, or tried to
  std::optional<i32> wait_status;  // as from waitpid
};

// The flow chunks of one thread, in order.
struct Stream {
  u32 image = 0;              // index into Program::images
  u32 thread = 0;             // index into Image::threads
  std::vector<u32> sections;  // indices into Reader::sections(), by sequence
};

struct Image {
  u32 number = 0;
  i32 pid = 0;
  ImageInfo info;
  std::vector<Process> processes;
  std::vector<Thread> threads;
  std::vector<Segment> segments;
  std::vector<Block> blocks;  // by first exit id
  std::vector<u32> block_of_slot;
  u64 exit_count() const { return block_of_slot.size(); }

  // Exit ids are nearly dense; slots are exactly so: 0 .. exit_count() - 1. kNone for an unknown
  // id.
  u32 slot_of(u32 exit_id) const {
    const u32 offset = exit_id - first_id;
    return offset < dense.size() ? dense[offset] : find_slot(exit_id);
  }
  const Process* find_process(u32 number) const;

  u32 first_id = 0;
  std::vector<u32> dense;  // id - first_id -> slot; empty when the ids are too sparse for a table

 private:
  u32 find_slot(u32 exit_id) const;
};

class Program {
 public:
  // Never fails: what cannot be understood is left out and told in `problems`.
  static Program load(const Reader& reader);

  SessionInfo session;
  std::vector<Image> images;
  std::vector<Module> modules;
  std::vector<ModuleIdentity> identities;
  std::vector<Stream> streams;  // by image and stream number
  std::vector<std::string> notes;
  Integrity problems;

  const Thread& thread(const Stream& stream) const {
    return images[stream.image].threads[stream.thread];
  }
  // What the recorder knew about the file behind a module.
  const ModuleIdentity* identity_of(const Module& module) const;

 private:
  friend class ProgramLoader;
  std::vector<std::unique_ptr<u8[]>> storage_;  // the definition records themselves
};

}  // namespace tiptoe::trace
