#include "engine/event/event_memory.h"

#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/time_types.h>

#include "sys/clock.h"
#include "sys/fail.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kWindowBytes = kChunkBytes + kPageBytes;

// How long to sleep before looking again whether the recorder lives.
constexpr i64 kWaitNanoseconds = 20'000'000;

u64 window_end(const ThreadState& thread) {
  return thread.window + kChunkBytes;
}

// Private memory to be written and forgotten; a thread that has once needed it keeps it.
void enter_drop_window(ThreadState& thread) {
  if (thread.drop_window == 0) {
    thread.drop_window = sys::map_private(kWindowBytes, PROT_READ | PROT_WRITE);
    TIPTOE_CHECK(thread.drop_window != 0, thread.tid, 0);
    sys::call(__NR_mprotect, thread.drop_window + kChunkBytes, kPageBytes, PROT_NONE);
  }
  thread.chunk = kNoChunk;
  thread.window = thread.drop_window;
}

void enter_chunk(EventMemory& memory, ThreadState& thread) {
  const u32 chunk = thread.silent != 0 ? kNoChunk
                                       : memory.claim(ChunkKind::kFlow, thread.process,
                                                      thread.stream, thread.chunk_sequence);
  if (chunk == kNoChunk) {
    enter_drop_window(thread);
  } else {
    thread.chunk = chunk;
    ++thread.chunk_sequence;
    thread.window = memory.window_of(chunk);
  }
  thread.cursor = thread.window;
}

}  // namespace

void EventMemory::init(u64 segment) {
  control_ = reinterpret_cast<ControlPage*>(segment);
  TIPTOE_CHECK(control_->magic == kSegmentMagic && control_->version == kSegmentVersion, segment,
               0);
  descriptors_ = reinterpret_cast<ChunkDescriptor*>(segment + control_->descriptors_offset);
  chunks_ = segment + control_->chunks_offset;
  // A core file is the program's; the pool is gigabytes of address space.
  sys::call(__NR_madvise, segment, control_->segment_bytes, MADV_DONTDUMP);
  recording_ = (control_->flags & kControlRecording) != 0;
  const u64 count = control_->chunk_count;
  if (!recording_ || count == 0) return;  // 0: what is recorded is not wanted (run --check)
  windows_ = sys::map_private(count * kWindowBytes, PROT_NONE);
  window_mapped_ =
      reinterpret_cast<u8*>(sys::map_private(align_up(count, kPageBytes), PROT_READ | PROT_WRITE));
  TIPTOE_CHECK(windows_ != 0 && window_mapped_ != nullptr, count, 0);
}

u64 EventMemory::window_of(u32 chunk) {
  const u64 window = windows_ + u64{chunk} * kWindowBytes;
  if (window_mapped_[chunk] == 0) {
    const i64 got = sys::call(__NR_mremap, address_of(chunk), 0, kChunkBytes,
                              MREMAP_MAYMOVE | MREMAP_FIXED, window);
    TIPTOE_CHECK(!sys::is_error(got), window, got);
    window_mapped_[chunk] = 1;
  }
  return window;
}

bool EventMemory::recorder_alive() const {
  const u32 lock = __atomic_load_n(&control_->recorder_lock, __ATOMIC_ACQUIRE);
  return (lock & FUTEX_TID_MASK) != 0 && (lock & FUTEX_OWNER_DIED) == 0 &&
         __atomic_load_n(&control_->recorder_stopped, __ATOMIC_ACQUIRE) == 0;
}

void EventMemory::ring_doorbell() const {
  __atomic_fetch_add(&control_->doorbell, 1, __ATOMIC_RELEASE);
  sys::call(__NR_futex, &control_->doorbell, FUTEX_WAKE, 0x7fffffff);  // several wait
}

void EventMemory::wait_for_change(u32* futex, u32 value) const {
  const __kernel_timespec timeout{0, kWaitNanoseconds};
  sys::call(__NR_futex, futex, FUTEX_WAIT, value, &timeout);
}

u32 EventMemory::pop_free() {
  u64 head = __atomic_load_n(&control_->free_list, __ATOMIC_ACQUIRE);
  for (;;) {
    const u32 first = low32(head);
    if (first == 0) return kNoChunk;
    const u64 next = (head & ~u64{0xffffffff}) + (u64{1} << 32) + descriptors_[first - 1].next_free;
    if (__atomic_compare_exchange_n(&control_->free_list, &head, next, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      return first - 1;
    }
  }
}

u32 EventMemory::claim(ChunkKind kind, u32 process, u32 stream, u32 sequence) {
  for (;;) {
    if (!recorder_alive()) return kNoChunk;
    const u32 freed = __atomic_load_n(&control_->freed, __ATOMIC_ACQUIRE);
    // A thread's first chunk and definitions are never held back: only those who fill chunks wait.
    const bool may_wait = kind == ChunkKind::kFlow && sequence != 0;
    const bool behind = may_wait && __atomic_load_n(&control_->sealed_count, __ATOMIC_ACQUIRE) >
                                        control_->backlog_limit;
    const u32 chunk = behind ? kNoChunk : pop_free();
    if (chunk != kNoChunk) {
      ChunkDescriptor& d = descriptors_[chunk];
      d.kind = kind;
      d.process = process;
      d.stream = stream;
      d.sequence = sequence;
      d.published_bytes = 0;
      d.pid = static_cast<i32>(sys::call(__NR_getpid));
      d.begin_tsc = sys::tsc();
      d.end_tsc = 0;
      __atomic_store_n(reinterpret_cast<u32*>(&d.state), static_cast<u32>(ChunkState::kFilling),
                       __ATOMIC_RELEASE);
      return chunk;
    }
    ring_doorbell();
    wait_for_change(&control_->freed, freed);
  }
}

void EventMemory::seal(u32 chunk, u32 bytes) {
  ChunkDescriptor& d = descriptors_[chunk];
  __atomic_store_n(&d.published_bytes, bytes, __ATOMIC_RELEASE);
  d.end_tsc = sys::tsc();
  __atomic_fetch_add(&control_->sealed_count, 1, __ATOMIC_ACQ_REL);
  __atomic_store_n(reinterpret_cast<u32*>(&d.state), static_cast<u32>(ChunkState::kSealed),
                   __ATOMIC_RELEASE);
  ring_doorbell();
}

void open_flow(EventMemory& memory, ThreadState& thread) {
  thread.chunk = kNoChunk;
  thread.chunk_sequence = 0;
  enter_chunk(memory, thread);
}

void next_flow_chunk(EventMemory& memory, ThreadState& thread) {
  if (thread.chunk != kNoChunk) {
    memory.seal(thread.chunk, static_cast<u32>(thread.cursor - thread.window));
  } else if (thread.silent == 0) {
    __atomic_fetch_add(&memory.control()->dropped_words, (thread.cursor - thread.window) / 4,
                       __ATOMIC_RELAXED);
  }
  enter_chunk(memory, thread);
}

void close_flow(EventMemory& memory, ThreadState& thread) {
  if (thread.window != 0 && thread.chunk != kNoChunk) {
    memory.seal(thread.chunk, static_cast<u32>(thread.cursor - thread.window));
  }
  thread.window = 0;
}

bool is_flow_guard(const ThreadState& thread, u64 address) {
  return thread.window != 0 && address - window_end(thread) < kPageBytes;
}

void make_flow_room(EventMemory& memory, ThreadState& thread, u64 bytes) {
  if (thread.window == 0 || thread.cursor + bytes <= window_end(thread)) return;
  if (thread.cursor < window_end(thread)) {
    *reinterpret_cast<u32*>(thread.cursor) = control_word(Control::kPad, 0);
    thread.cursor += 4;
  }
  next_flow_chunk(memory, thread);
}

void put_control(EventMemory& memory, ThreadState& thread, Control kind,
                 std::initializer_list<u32> payload) {
  if (thread.window == 0) return;
  const u32 words = static_cast<u32>(payload.size());
  make_flow_room(memory, thread, (words + 1) * 4);
  u32* at = reinterpret_cast<u32*>(thread.cursor);
  u32* out = at + 1;
  for (const u32 word : payload) *out++ = word;
  __atomic_store_n(at, control_word(kind, words), __ATOMIC_RELEASE);
  thread.cursor += (words + 1) * 4;
}

void put_exit(EventMemory& memory, ThreadState& thread, u32 exit_id) {
  if (thread.window == 0) return;
  make_flow_room(memory, thread, 4);
  *reinterpret_cast<u32*>(thread.cursor) = exit_id;
  thread.cursor += 4;
}

}  // namespace tiptoe::engine
