// Restartable sequences: the program's critical sections that the kernel aborts when it preempts,
// migrates or interrupts the thread inside them. docs/RSEQ.md has the whole of it.
//
// A section is known by its descriptor (struct rseq_cs), which is found when an instruction that
// makes the descriptor's address is translated. Its translation is one contiguous run of cache code
// with a descriptor of our own in a slot here, which the code makes the thread's own; so the kernel
// aborts it to the slot's stub, from where the dispatcher goes on at the program's abort address.
//
// Slots live as long as the process: a thread may point to one that is no longer used, and the
// kernel may look at it. Under the translation lock, but for abort_at().
#pragma once

#include "arch/x86/decode.h"
#include "engine/context/state_map.h"
#include "engine/trust/address_space.h"

namespace tiptoe::engine {

struct RseqSection {
  AppPc start;
  AppPc end;
  AppPc abort;
  x86::GprSet written;  // scratch registers that the section changes
};

// struct rseq_cs of linux/rseq.h.
struct alignas(32) RseqDescriptor {
  u32 version, flags;
  u64 start_ip, post_commit_offset, abort_ip;
};

// What the thread goes on with when the kernel has aborted it.
struct RseqAbort {
  AppPc pc;
  x86::GprSet restored;  // their values at the section's start are ThreadState::rseq_saves
};

class RseqSections {
 public:
  // The first registration of the process. False when there is no memory, or when it was made with
  // another signature.
  bool enable(const sys::Held&, u32 signature);
  bool enabled() const { return slots_ != 0; }

  // `address` may be that of a descriptor. If it is one, and new, its section is known from now on.
  void consider(const sys::Held&, const AddressSpace& space, u64 address);
  // A section that has become known since the last call, or nullptr: code that overlaps it is to be
  // translated anew.
  const RseqSection* take_new(const sys::Held&);

  const RseqSection* starting_at(AppPc pc) const;
  // Whether blocks end in front of `pc`: where a section begins or ends, and where branches inside
  // of it lead.
  bool is_boundary(AppPc pc) const;

  // A slot for a translation of the section; its descriptor covers nothing yet.
  u32 take_slot(const sys::Held&, const RseqSection& section);
  RseqDescriptor& descriptor(u32 slot) const {
    return *reinterpret_cast<RseqDescriptor*>(slots_ + u64{slot} * kSlotBytes);
  }
  // The descriptor covers this code.
  void arm(u32 slot, CachePc start, CachePc end);

  // Whether a thread at `pc` was aborted; then what it goes on with. In signal handlers, too.
  bool is_abort(u64 pc) const { return slots_ != 0 && pc - slots_ < kBytes; }
  u32 slot_of(u64 pc) const { return static_cast<u32>((pc - slots_) / kSlotBytes); }
  const RseqAbort& abort_of(u32 slot) const { return aborts_[slot]; }

 private:
  static constexpr u64 kSlotBytes = 64, kStubOffset = 36;  // behind the signature
  static constexpr u32 kSlots = 4096;
  static constexpr u64 kBytes = kSlots * kSlotBytes;
  static constexpr u32 kMaxSections = 256, kMaxBoundaries = 2048;

  void add_boundary(AppPc pc);
  bool scan(const AddressSpace& space, RseqSection& section);

  u64 slots_ = 0;
  u32 signature_ = 0;
  u32 next_slot_ = 0;
  u32 count_ = 0;
  u32 known_ = 0;  // sections that take_new() has given out
  u32 boundary_count_ = 0;
  RseqSection sections_[kMaxSections] = {};
  AppPc boundaries_[kMaxBoundaries] = {};
  RseqAbort aborts_[kSlots] = {};
};

// The address that an instruction makes, if it may be that of a descriptor; 0: it makes none.
u64 made_address(const x86::Insn& insn, AppPc pc);

// The thread was aborted and goes on with `abort`: its registers, given those of the machine.
void restore_aborted(const ThreadState& thread, const RseqAbort& abort, Context& context);

}  // namespace tiptoe::engine
