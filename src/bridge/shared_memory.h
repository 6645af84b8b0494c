// The memory that the runtime (inside the traced processes) and the recorder (outside) share.
//
// One memfd per image (per successful execve): a control page, the chunk descriptors, the chunks.
// Forked children inherit the mapping and claim chunks from the same pool. Whatever kills a traced
// process, what it stored is here; whatever kills the recorder, the runtime notices by the robust
// lock.
//
//   offset 0                 ControlPage
//   control.descriptors      ChunkDescriptor[chunk_count]
//   control.chunks           chunk_count chunks of kChunkBytes each (sparse: pages exist once
//   touched)
//
// All fields that both sides touch are used with atomic operations (std::atomic_ref outside,
// __atomic builtins inside). Futexes here are shared ones (no FUTEX_PRIVATE_FLAG).
#pragma once

#include "base/types.h"

namespace tiptoe {

constexpr u32 kSegmentMagic = 0x54505431;  // "1TPT"
constexpr u32 kSegmentVersion = 2;
constexpr u32 kChunkBytes = 1u << 20;

// Life of a chunk:
//
//   kFree --runtime pops it--> kFilling --runtime, when full or at thread end--> kSealed
//     ^                                                                             |
//     +----------- recorder: copied out, zeroed, pushed back ----------------------+
//
// A chunk that is kFilling belongs to one thread (flow) or one process (definitions). When that
// thread or process is gone for good the recorder takes it as if it were sealed: a flow chunk ends
// at its first zero word, a definition chunk at `published_bytes`.
enum class ChunkState : u32 { kFree = 0, kFilling = 1, kSealed = 2 };
enum class ChunkKind : u32 { kFlow = 1, kDefinitions = 2 };

struct ChunkDescriptor {
  ChunkState state;
  ChunkKind kind;
  u32 process;          // ProcessDefinition::process
  u32 stream;           // ThreadDefinition::stream; 0 for definitions
  u32 sequence;         // 0, 1, 2... within the stream (flow) or the process (definitions)
  u32 published_bytes;  // definitions: complete records so far. Flow: set when sealed
  u32 next_free;        // index + 1 of the next free chunk, 0 at the end of the list
  i32 pid;              // owner's process id as the runtime sees it
  u64 begin_tsc;
  u64 end_tsc;  // set when sealed
  u64 reserved[2];
};
static_assert(sizeof(ChunkDescriptor) == 64);

// A request of the runtime to the recorder: "attach to me for this execve".
//
//   kIdle -> kClaimed (runtime owns the slot and fills it in) -> kExecPosted (runtime; rings
//   `doorbell`; waits on `state`) -> recorder seizes the thread with PTRACE_O_TRACEEXEC ->
//   kExecReady (runtime calls execve) or kExecRefused (runtime calls execve, untraced).
//
//   A thread that is found stopped is not answered; the runtime rings again when it goes on.
//
//   execve succeeds: the recorder sees PTRACE_EVENT_EXEC, injects into the new image, detaches, and
//   sets kIdle. execve fails: the runtime sets kExecFailed and waits until the recorder has
//   detached and set kIdle. Waits by the runtime are futex waits on `state` that also end when the
//   recorder dies.
enum class RequestState : u32 {
  kIdle = 0,
  kClaimed = 1,
  kExecPosted = 2,
  kExecReady = 3,
  kExecRefused = 4,
  kExecFailed = 5,
};

struct Request {
  RequestState state;
  i32 pid;  // as the runtime sees it
  i32 tid;
  u32 process;
  u64 path_address;    // execve's path argument in the process' memory, for messages
  u32 foreign_filter;  // not 0: a seccomp filter is installed that does not exempt the call page
  u32 reserved;
};
static_assert(sizeof(Request) == 32);
constexpr u32 kRequestSlots = 64;

enum ControlFlag : u32 {
  kControlRecording = 1 << 0,  // tiptoe record; off for tiptoe run
  kControlFollowChildren = 1 << 1,
  kControlCoverage =
      1 << 2,  // no flow is recorded: definitions of blocks say what has been reached
};

struct ControlPage {
  u32 magic;
  u32 version;
  u64 segment_bytes;
  u32 chunk_count;
  u32 flags;  // ControlFlag
  u64 descriptors_offset;
  u64 chunks_offset;
  i32 recorder_pid;
  u32 backlog_limit;  // sealed chunks not yet drained beyond which the runtime waits

  // A robust futex held by the recorder for as long as it lives: the kernel sets FUTEX_OWNER_DIED
  // (0x40000000) in it, and wakes a waiter, when the recorder is gone.
  u32 recorder_lock;

  u32 doorbell;  // futex: +1 and all waiters woken by the runtime at each sealed chunk and request
  u32 freed;     // futex: +1 and woken by the recorder whenever it frees chunks or answers
  u32 recorder_stopped;  // recorder: non-zero once it takes nothing more; the runtime then drops
                         // words and goes on (disk full, or the recording was ended)
  u32 next_stream;       // fetch_add; starts at 1
  u32 next_exit_id;      // starts at 1; never beyond kMaxExitId + 1
  u32 next_process;      // fetch_add; starts at 1
  u32 sealed_count;      // chunks sealed and not yet drained
  // Chunks that were used and are free: a Treiber stack, tag << 32 | index + 1; the tag grows at
  // every push and pop. When it is empty, chunks from next_fresh on have never been used.
  u64 free_list;
  u64 dropped_words;  // flow words that no chunk was there for, or no recorder
  u32 next_fresh;
  u32 forks_begun;  // +1 by the runtime before each call that makes a process, whatever becomes of
                    // it
  u32 ids_used_up;  // non-zero: a block got no exit ids, and no flow is recorded any more
  u32 reserved[13];

  Request requests[kRequestSlots];
};
static_assert(sizeof(ControlPage) <= 4096);

}  // namespace tiptoe
