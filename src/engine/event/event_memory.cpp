#include "engine/event/event_memory.h"

#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/time_types.h>

#include "base/memory.h"
#include "sys/clock.h"
#include "sys/fail.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kWindowBytes = kChunkBytes + kPageBytes;

// How long to sleep before looking again whether the recorder lives.
constexpr i64 kWaitNanoseconds = 20'000'000;

// How many times the backlog of sealed chunks may be when a thread begins.
constexpr u32 kFirstChunks = 8;

u64 window_end(const ThreadState& thread) {
  return thread.window + kChunkBytes;
}

void enter_chunk(EventMemory& memory, ThreadState& thread) {
  const u32 chunk = thread.silent != 0 ? kNoChunk
                                       : memory.claim(ChunkKind::kFlow, thread.process,
                                                      thread.stream, thread.chunk_sequence);
  const u64 window = chunk == kNoChunk ? 0 : memory.window_of(chunk);
  if (window == 0) {
    if (chunk != kNoChunk) memory.seal(chunk, 0);
    thread.chunk = kNoChunk;
    thread.cursor = thread.window = memory.drop_window();
    return;
  }
  thread.chunk = chunk;
  ++thread.chunk_sequence;
  thread.cursor = thread.window = window;
  if (const u64 dropped = thread.dropped_words; dropped != 0) {
    thread.dropped_words = 0;
    put_control(memory, thread, Control::kGap, {low32(dropped), high32(dropped)});
  }
}

void count_dropped(EventMemory& memory, ThreadState& thread) {
  if (thread.silent != 0) return;
  const u64 words = (thread.cursor - thread.window) / 4;
  thread.dropped_words += words;
  __atomic_fetch_add(&memory.control()->dropped_words, words, __ATOMIC_RELAXED);
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
  defining_ = (control_->flags & kControlRecording) != 0;
  recording_ = defining_ && (control_->flags & kControlCoverage) == 0;
  const u64 count = control_->chunk_count;
  if (!recording_ || count == 0) return;  // 0: what is recorded is not wanted (run --check)
  windows_ = sys::map_private(count * kWindowBytes, PROT_NONE);
  window_mapped_ =
      reinterpret_cast<u8*>(sys::map_private(align_up(count, kPageBytes), PROT_READ | PROT_WRITE));
  TIPTOE_CHECK(windows_ != 0 && window_mapped_ != nullptr, count, 0);
}

u64 EventMemory::drop_window() {
  const u64 present = __atomic_load_n(&drop_window_, __ATOMIC_ACQUIRE);
  if (present != 0) return present;
  const u64 made = sys::map_private(kWindowBytes, PROT_READ | PROT_WRITE);
  TIPTOE_CHECK(made != 0, 0, 0);
  sys::call(__NR_mprotect, made + kChunkBytes, kPageBytes, PROT_NONE);
  u64 first = 0;
  if (__atomic_compare_exchange_n(&drop_window_, &first, made, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    return made;
  }
  sys::call(__NR_munmap, made, kWindowBytes);
  return first;
}

u64 EventMemory::window_of(u32 chunk) {
  const u64 window = windows_ + u64{chunk} * kWindowBytes;
  if (window_mapped_[chunk] == 0) {
    const i64 got = sys::call(__NR_mremap, address_of(chunk), 0, kChunkBytes,
                              MREMAP_MAYMOVE | MREMAP_FIXED, window);
    if (sys::is_error(got)) return 0;
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
    if (first == 0) return take_fresh();
    const u64 next = (head & ~u64{0xffffffff}) + (u64{1} << 32) + descriptors_[first - 1].next_free;
    if (__atomic_compare_exchange_n(&control_->free_list, &head, next, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      return first - 1;
    }
  }
}

u32 EventMemory::take_fresh() {
  u32 next = __atomic_load_n(&control_->next_fresh, __ATOMIC_RELAXED);
  while (next < control_->chunk_count) {
    if (__atomic_compare_exchange_n(&control_->next_fresh, &next, next + 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
      return next;
    }
  }
  return kNoChunk;
}

u32 EventMemory::take_exit_ids(u32 count) {
  u32 next = __atomic_load_n(&control_->next_exit_id, __ATOMIC_RELAXED);
  do {
    if (count > kMaxExitId + 1 - next) return kUnnamedExit;
  } while (!__atomic_compare_exchange_n(&control_->next_exit_id, &next, next + count, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return next;
}

bool EventMemory::end_flow() {
  return __atomic_exchange_n(&control_->ids_used_up, 1, __ATOMIC_RELAXED) == 0;
}

u32 EventMemory::claim(ChunkKind kind, u32 process, u32 stream, u32 sequence) {
  bool waited = false;
  for (;;) {
    if (!recorder_alive()) return kNoChunk;
    if (kind == ChunkKind::kFlow && __atomic_load_n(&control_->ids_used_up, __ATOMIC_RELAXED) != 0)
      return kNoChunk;
    const u32 freed = __atomic_load_n(&control_->freed, __ATOMIC_ACQUIRE);
    const u32 sealed = __atomic_load_n(&control_->sealed_count, __ATOMIC_ACQUIRE);
    // Definitions are never held back. A thread's first chunk is mostly its last, with little in
    // it.
    const u32 limit =
        sequence != 0 ? control_->backlog_limit : kFirstChunks * control_->backlog_limit;
    const bool behind = kind == ChunkKind::kFlow && sealed > limit;
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
    const bool hopeless = !behind && sealed == 0;  // but for what dead processes have left
    if (hopeless && waited) return kNoChunk;
    waited = hopeless;
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
  thread.dropped_words = 0;
  enter_chunk(memory, thread);
}

void next_flow_chunk(EventMemory& memory, ThreadState& thread) {
  if (thread.chunk != kNoChunk) {
    memory.seal(thread.chunk, static_cast<u32>(thread.cursor - thread.window));
  } else {
    count_dropped(memory, thread);
  }
  enter_chunk(memory, thread);
}

void close_flow(EventMemory& memory, ThreadState& thread) {
  if (thread.window != 0 && thread.chunk != kNoChunk) {
    memory.seal(thread.chunk, static_cast<u32>(thread.cursor - thread.window));
  } else if (thread.window != 0) {
    count_dropped(memory, thread);
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

void put_single(EventMemory& memory, ThreadState& thread, u64 pc, std::span<const u8> bytes) {
  u32 words[4] = {};
  memcpy(words, bytes.data(), bytes.size());
  words[3] |= (static_cast<u32>(bytes.size()) | kSingle32Bit) << 24;
  put_control(memory, thread, Control::kSingle,
              {low32(pc), high32(pc), words[0], words[1], words[2], words[3]});
}

void put_exit(EventMemory& memory, ThreadState& thread, u32 exit_id) {
  if (thread.window == 0) return;
  make_flow_room(memory, thread, 4);
  *reinterpret_cast<u32*>(thread.cursor) = exit_id;
  thread.cursor += 4;
}

}  // namespace tiptoe::engine
