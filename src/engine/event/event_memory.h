// Event memory inside the traced process: claiming chunks, filling them, handing them over.
//
// A thread records through a window: a second mapping of its chunk with a guard page behind it, so
// that the emitted code stores without a bound check and runs into the guard page when the chunk is
// full. next_flow_chunk() then seals it and takes another. Each chunk of the pool has its window at
// an address of its own; it is mapped when the process first uses the chunk (mremap of a shared
// mapping needs no file descriptor) and stays: chunks are reused last in, first out, and mapping
// one anew would cost 256 page faults, more than filling it.
//
// When the recorder is gone, or takes nothing more, or exit ids are used up, or there are more
// threads than chunks, the thread gets a window of private memory that is overwritten again and
// again, by all such threads: the program goes on, and the words are counted as dropped.
//
// Everything here may run in a signal handler: no lock but the chunk pool's lock-free list.
#pragma once

#include <initializer_list>
#include <span>

#include "bridge/flow_words.h"
#include "bridge/shared_memory.h"
#include "engine/context/thread_state.h"

namespace tiptoe::engine {

constexpr u32 kNoChunk = ~u32{0};

class EventMemory {
 public:
  // `segment` is the address of the shared mapping. Nothing is recorded unless its control page
  // says so.
  void init(u64 segment);
  // Threads record their control flow.
  bool recording() const { return recording_; }
  // Definitions are wanted: with the flow, or alone.
  bool defining() const { return defining_; }
  ControlPage* control() const { return control_; }
  bool recorder_alive() const;

  // Claims a chunk of the pool. Waits for the recorder while it is behind; kNoChunk when it is
  // gone, or when living threads and processes hold all chunks.
  u32 claim(ChunkKind kind, u32 process, u32 stream, u32 sequence);
  void seal(u32 chunk, u32 bytes);
  u64 address_of(u32 chunk) const { return chunks_ + u64{chunk} * kChunkBytes; }
  ChunkDescriptor& descriptor(u32 chunk) const { return descriptors_[chunk]; }
  // The window of a chunk, mapped; 0 when the kernel allows no more mappings.
  u64 window_of(u32 chunk);
  // One for all threads of the process: written by any of them at any time, and read by nobody.
  u64 drop_window();
  // So many consecutive exit ids; kUnnamedExit when there are not so many left.
  u32 take_exit_ids(u32 count);
  // No flow is recorded from now on, in no process of the image. True for the first who says so.
  bool end_flow();
  void ring_doorbell() const;
  // Waits until the word at `futex` is no longer `value`, the recorder dies, or a short time is
  // over.
  void wait_for_change(u32* futex, u32 value) const;

 private:
  u32 pop_free();
  u32 take_fresh();
  ControlPage* control_ = nullptr;
  ChunkDescriptor* descriptors_ = nullptr;
  u64 chunks_ = 0;
  u64 windows_ = 0;  // the first of the windows, all reserved
  u64 drop_window_ = 0;
  u8* window_mapped_ = nullptr;  // one for each chunk; a chunk has one owner, so no lock is needed
  bool defining_ = false;
  bool recording_ = false;
};

// --- One thread's flow stream ---

// Opens the thread's window and its first chunk. `thread.stream` is set.
void open_flow(EventMemory& memory, ThreadState& thread);

// Seals the chunk up to thread.cursor and maps another; thread.cursor is its start.
void next_flow_chunk(EventMemory& memory, ThreadState& thread);

// The thread ends: hands over what is there.
void close_flow(EventMemory& memory, ThreadState& thread);

// Whether an address is in the guard page of the thread's window.
bool is_flow_guard(const ThreadState& thread, u64 address);

// Makes sure that `bytes` fit before the end of the chunk.
void make_flow_room(EventMemory& memory, ThreadState& thread, u64 bytes);

// Appends a control record, or one exit id, at thread.cursor.
void put_control(EventMemory& memory, ThreadState& thread, Control kind,
                 std::initializer_list<u32> payload);
void put_exit(EventMemory& memory, ThreadState& thread, u32 exit_id);

// Appends one instruction of 32-bit code.
void put_single(EventMemory& memory, ThreadState& thread, u64 pc, std::span<const u8> bytes);

constexpr u32 low32(u64 v) {
  return static_cast<u32>(v);
}
constexpr u32 high32(u64 v) {
  return static_cast<u32>(v >> 32);
}

}  // namespace tiptoe::engine
