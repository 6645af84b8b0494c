#include "engine/translate/rseq.h"

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "arch/x86/emitter.h"
#include "arch/x86/rewrite.h"
#include "engine/context/safe_copy.h"
#include "sys/fail.h"
#include "sys/mapping.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

constexpr u64 kMaxSectionBytes = 4096;

// Whether the word there can be read, without a fault, which would stop the thread for a tracer
// that the program has: the kernel reads the set before it refuses the order.
bool is_readable(u64 address) {
  constexpr int kNoOrder = -1;
  return sys::call(__NR_rt_sigprocmask, kNoOrder, address, 0, sizeof(u64)) == -EINVAL;
}

// Where a page may have to be waited for (userfaultfd), it is read in the one way in which the
// kernel gives up instead: what is not there is not asked for.
bool read(const AddressSpace& space, u64 address, void* to, u64 bytes) {
  if (!space.pages_may_wait()) {
    return safe_copy(to, reinterpret_cast<const void*>(address), bytes) == 0;
  }
  const i64 fd = sys::call(__NR_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (sys::is_error(fd)) return false;
  const i64 got = sys::call(__NR_pread64, fd, to, bytes, address);
  sys::call(__NR_close, fd);
  return got == static_cast<i64>(bytes);
}

x86::GprSet scratch_set() {
  x86::GprSet set = 0;
  for (const x86::Gpr r : x86::kScratchRegisters) set |= x86::set_of(r);
  return set;
}

}  // namespace

bool RseqSections::enable(const sys::Held&, u32 signature) {
  if (slots_ != 0) return signature == signature_;
  signature_ = signature;
  slots_ = sys::map_private(kBytes, PROT_READ | PROT_WRITE | PROT_EXEC);
  return slots_ != 0;
}

void RseqSections::consider(const sys::Held& held, const AddressSpace& space, u64 address) {
  if (slots_ == 0 || address % alignof(RseqDescriptor) != 0) return;
  RseqDescriptor found;  // aligned, so on one page
  if (!space.pages_may_wait() && !is_readable(address)) return;
  if (!read(space, address, &found, sizeof found)) return;
  const u64 length = found.post_commit_offset;
  if (found.version != 0 || length == 0 || length > kMaxSectionBytes) return;
  if (found.abort_ip - found.start_ip < length) return;
  if (space.find_code(held, found.start_ip) == nullptr) return;
  if (space.find_code(held, found.abort_ip) == nullptr) return;
  u32 signature = 0;
  if (space.find_code(held, found.abort_ip - sizeof signature) == nullptr) return;
  if (!read(space, found.abort_ip - sizeof signature, &signature, sizeof signature)) return;
  if (signature != signature_ || starting_at(AppPc{found.start_ip}) != nullptr) return;
  RseqSection section{AppPc{found.start_ip}, AppPc{found.start_ip + length}, AppPc{found.abort_ip},
                      0};
  if (count_ == kMaxSections || !scan(space, section)) {
    sys::warn("a restartable sequence cannot be followed (at, bytes)", found.start_ip, length);
    return;
  }
  sections_[count_++] = section;
}

const RseqSection* RseqSections::take_new(const sys::Held&) {
  return known_ < count_ ? &sections_[known_++] : nullptr;
}

// Decodes the section: which registers it writes, where its branches lead.
bool RseqSections::scan(const AddressSpace& space, RseqSection& section) {
  u8 code[kMaxSectionBytes];
  const u64 length = raw(section.end) - raw(section.start);
  if (!read(space, raw(section.start), code, length)) return false;
  const u32 boundaries_before = boundary_count_;
  for (u64 at = 0; at < length;) {
    x86::Insn insn;
    if (!x86::decode({code + at, length - at}, x86::Mode::k64, insn)) {
      boundary_count_ = boundaries_before;
      return false;
    }
    section.written |= insn.regs_written;
    at += insn.length;
    const AppPc target = section.start + at + insn.branch_offset;
    if (insn.branch_offset != 0 && target - section.start >= 0 && target < section.end) {
      add_boundary(target);
    }
  }
  section.written &= scratch_set();
  add_boundary(section.start);
  add_boundary(section.end);
  return boundary_count_ < kMaxBoundaries;
}

void RseqSections::add_boundary(AppPc pc) {
  if (!is_boundary(pc) && boundary_count_ < kMaxBoundaries) boundaries_[boundary_count_++] = pc;
}

const RseqSection* RseqSections::starting_at(AppPc pc) const {
  for (u32 i = 0; i < count_; ++i) {
    if (sections_[i].start == pc) return &sections_[i];
  }
  return nullptr;
}

bool RseqSections::is_boundary(AppPc pc) const {
  for (u32 i = 0; i < boundary_count_; ++i) {
    if (boundaries_[i] == pc) return true;
  }
  return false;
}

// The slot: descriptor, signature, stub.
u32 RseqSections::take_slot(const sys::Held&, const RseqSection& section) {
  const u32 slot = next_slot_++ % kSlots;
  RseqDescriptor& ours = descriptor(slot);
  const u64 stub = reinterpret_cast<u64>(&ours) + kStubOffset;
  __atomic_store_n(&ours.post_commit_offset, 0, __ATOMIC_RELEASE);
  ours.version = ours.flags = 0;
  ours.start_ip = slots_;
  ours.abort_ip = stub;
  x86::Emitter emit(CachePc{stub - sizeof signature_});
  emit.imm32(signature_);
  emit.mov_gs_imm32(offsetof(ThreadState, exit_index), slot);
  emit.jmp_gs(offsetof(ThreadState, enter_rseq_abort));
  aborts_[slot] = {section.abort, scratch_set() & ~section.written};
  return slot;
}

void RseqSections::arm(u32 slot, CachePc start, CachePc end) {
  RseqDescriptor& ours = descriptor(slot);
  ours.start_ip = raw(start);
  __atomic_store_n(&ours.post_commit_offset, static_cast<u64>(end - start), __ATOMIC_RELEASE);
}

u64 made_address(const x86::Insn& insn, AppPc pc) {
  if (insn.map != x86::Map::kPrimary || insn.encoding != x86::Encoding::kLegacy) return 0;
  const bool is_lea = insn.opcode == 0x8d && insn.rip_relative;
  if (is_lea) return raw(pc + insn.length) + static_cast<u64>(insn.disp);
  // Of constants only those that are near.
  constexpr i64 kNear = i64{64} << 20;
  const bool is_mov = (insn.opcode & 0xf8) == 0xb8 || insn.opcode == 0xc7;
  const i64 away = AppPc{static_cast<u64>(insn.imm)} - pc;
  return is_mov && insn.imm_size >= 4 && away < kNear && -away < kNear ? static_cast<u64>(insn.imm)
                                                                       : 0;
}

void restore_aborted(const ThreadState& thread, const RseqAbort& abort, Context& context) {
  unsigned i = 0;
  for (const x86::Gpr r : x86::kScratchRegisters) {
    if ((abort.restored & x86::set_of(r)) != 0) context.gpr[r] = thread.rseq_saves[i];
    ++i;
  }
  context.pc = abort.pc;
}

}  // namespace tiptoe::engine
