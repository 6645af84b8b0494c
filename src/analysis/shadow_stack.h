// A thread's call stack, rebuilt from its flow: which function is entered, left, or goes on,
// whatever the program does to its real stack.
//
// Each frame remembers where its call will return to. A return, or an indirect jump, to an address
// that some frame expects pops to that frame, however deep (longjmp out of assembler, stack
// switches back). A jump to another function's first byte is a tail call and takes the place of the
// frame. Landing in the middle of another function unwinds to its nearest frame if it has one
// (longjmp, exceptions), and takes the place of the frame if it has none (a coroutine seen for the
// first time). Signals push a frame that sigreturn pops. So the stack is always balanced: every
// entered frame is left, in order.
//
// Sink, called in order:
//   void enter(FunctionId function, EntryKind kind);
//   void leave();
//   void executed(u64 instructions);   // by the innermost frame
#pragma once

#include <array>
#include <vector>

#include "analysis/code_map.h"
#include "arch/x86/decode.h"
#include "bridge/flow_words.h"

namespace tiptoe::analysis {

enum class EntryKind : u8 {
  kStart,  // where the thread began
  kCall,
  kTail,    // jumped to its first instruction
  kJump,    // came into its middle without a call that was seen
  kSignal,  // the kernel called it
};

template <class Sink>
class ShadowStack {
 public:
  ShadowStack(const CodeMap& map, const trace::Image& image, u32 image_index, Sink& sink)
      : map_(map),
        image_(image),
        image_index_(image_index),
        code_(map.image(image_index)),
        sink_(sink) {}

  // The records of a flow stream, see trace::for_each_record.
  void exit(u32 id);
  void control(Control kind, std::span<const u32> payload);
  // Words are missing here.
  void gap() { pending_ = frames_.empty() ? Pending::kStart : Pending::kUnknown; }
  // The stream has ended: leaves every frame.
  void finish();

  u64 unknown_exits() const { return unknown_exits_; }

 private:
  // How control left what was executed last; decides what arriving somewhere means.
  enum class Pending : u8 { kStart, kDirect, kCall, kReturn, kIndirect, kSignal, kUnknown };

  struct Frame {
    FunctionId function = 0;
    bool is_signal = false;
    u64 return_pc = 0;  // of a signal frame: the interrupted pc
  };

  // Beyond this depth calls are not told apart; no thread's stack is as deep, a damaged trace can
  // be.
  static constexpr size_t kMaxDepth = 4'000'000;

  // How far down a frame is looked for; keeps a damaged trace from costing the square of its size.
  static constexpr size_t kMaxSearch = 10'000;

  size_t search_end() const {
    return frames_.size() <= kMaxSearch ? 0 : frames_.size() - kMaxSearch;
  }

  static u64 pc_at(std::span<const u32> payload, size_t at) {
    return payload.size() < at + 2 ? 0 : payload[at] | u64{payload[at + 1]} << 32;
  }
  u32& expected_count(u64 return_pc) { return expected_[(return_pc ^ return_pc >> 12) & 4095]; }

  void execute(const BlockInfo& block, u32 instructions);
  void set_pending(ExitKind kind, u64 next_pc);
  void single(std::span<const u32> payload);
  void partial(std::span<const u32> payload);
  void signal(u64 interrupted_pc);
  void sigreturn(u64 pc);
  void arrive(u64 pc, FunctionId function, bool at_entry);
  void arrive_at(u64 pc) {
    const symbol::Place place = map_.place_of(image_index_, pc);
    arrive(pc, place.function, place.is_entry());
  }
  bool return_to(u64 pc);
  void land(FunctionId function, bool at_entry);
  void push(FunctionId function, u64 return_pc, EntryKind kind);
  void pop();
  void replace(FunctionId function, EntryKind kind);
  void go_on_in(FunctionId function) {
    if (frames_.back().function != function) replace(function, EntryKind::kJump);
  }
  void count(FunctionId function, int change) {
    if (function >= active_.size()) active_.resize(function + 1 + active_.size());
    active_[function] += static_cast<u32>(change);
  }
  bool is_active(FunctionId function) const {
    return function < active_.size() && active_[function] != 0;
  }

  const CodeMap& map_;
  const trace::Image& image_;
  u32 image_index_;
  const ImageCode& code_;
  Sink& sink_;
  std::vector<Frame> frames_;
  std::vector<u32> active_;           // frames of each function
  std::array<u32, 4096> expected_{};  // frames by a hash of their return pc: mostly says "none"
  Pending pending_ = Pending::kStart;
  u64 pending_pc_ = 0;  // kCall: the return address; kSignal: the interrupted pc
  u64 unknown_exits_ = 0;
};

template <class Sink>
void ShadowStack<Sink>::exit(u32 id) {
  const u32 slot = image_.slot_of(id);
  if (slot == trace::kNone) {
    unknown_exits_ += id != kUnnamedExit;
    gap();
    return;
  }
  const ExitInfo& exit = code_.exits[slot];
  execute(code_.blocks[exit.block], exit.instructions);
  set_pending(exit.kind, exit.next_pc);
}

template <class Sink>
void ShadowStack<Sink>::execute(const BlockInfo& block, u32 instructions) {
  const std::span<const Piece> pieces = code_.pieces_of(block);
  arrive(block.pc, pieces[0].function, pieces[0].at_entry);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].first_instruction >= instructions) break;
    if (i != 0)
      replace(pieces[i].function, pieces[i].at_entry ? EntryKind::kTail : EntryKind::kJump);
    const u32 end = i + 1 < pieces.size() ? pieces[i + 1].first_instruction : instructions;
    sink_.executed(std::min(end, instructions) - pieces[i].first_instruction);
  }
}

template <class Sink>
void ShadowStack<Sink>::set_pending(ExitKind kind, u64 next_pc) {
  switch (kind) {
    case ExitKind::kCall:
    case ExitKind::kCallIndirect:
      pending_ = Pending::kCall;
      pending_pc_ = next_pc;
      return;
    case ExitKind::kRet:
      pending_ = Pending::kReturn;
      return;
    case ExitKind::kJmpIndirect:
      pending_ = Pending::kIndirect;
      return;
    case ExitKind::kJmp:
    case ExitKind::kBranch:
    case ExitKind::kFallthrough:
    case ExitKind::kNotTaken:
    case ExitKind::kSyscall:
      pending_ = Pending::kDirect;
      return;
    case ExitKind::kOther:
      break;
  }
  pending_ = Pending::kUnknown;
}

template <class Sink>
void ShadowStack<Sink>::control(Control kind, std::span<const u32> payload) {
  switch (kind) {
    case Control::kThreadStart:
    case Control::kForkChild:
      finish();
      return;
    case Control::kThreadEnd:
      finish();
      return;
    case Control::kPartial:
      partial(payload);
      return;
    case Control::kSingle:
      single(payload);
      return;
    case Control::kSignal:
      signal(pc_at(payload, 1));
      return;
    case Control::kSigreturn:
      sigreturn(pc_at(payload, 0));
      return;
    case Control::kRseqAbort:
      pending_ = Pending::kUnknown;
      return;
    case Control::kGap:
      gap();
      return;
    case Control::kSyscall:
    case Control::kPad:
      return;
  }
}

template <class Sink>
void ShadowStack<Sink>::partial(std::span<const u32> payload) {
  const u32 slot = payload.size() < 2 ? trace::kNone : image_.slot_of(payload[0]);
  if (slot == trace::kNone) {
    unknown_exits_ += payload.empty() || payload[0] != kUnnamedExit;
    gap();
    return;
  }
  const BlockInfo& block = code_.blocks[code_.exits[slot].block];
  execute(block, std::min<u32>(payload[1], block.instructions));
  pending_ = Pending::kUnknown;
}

template <class Sink>
void ShadowStack<Sink>::single(std::span<const u32> payload) {
  if (payload.size() < 6) return gap();
  const u64 pc = pc_at(payload, 0);
  arrive_at(pc);
  sink_.executed(1);
  x86::Insn insn;
  const std::span<const u8> bytes{reinterpret_cast<const u8*>(payload.data() + 2), 15};
  pending_ = Pending::kUnknown;
  if (!x86::decode(bytes, x86::Mode::k64, insn)) return;
  const u64 next_pc = pc + insn.length;
  switch (insn.flow) {
    case x86::Flow::kCall:
    case x86::Flow::kCallIndirect:
    case x86::Flow::kFarCall:
      return set_pending(ExitKind::kCall, next_pc);
    case x86::Flow::kRet:
    case x86::Flow::kFarRet:
      return set_pending(ExitKind::kRet, next_pc);
    case x86::Flow::kJmpIndirect:
    case x86::Flow::kFarJmp:
      return set_pending(ExitKind::kJmpIndirect, next_pc);
    case x86::Flow::kIret:
      return;
    default:
      return set_pending(ExitKind::kJmp, next_pc);
  }
}

template <class Sink>
void ShadowStack<Sink>::signal(u64 interrupted_pc) {
  arrive_at(interrupted_pc);  // the way to the interrupted pc was still open
  pending_ = Pending::kSignal;
  pending_pc_ = interrupted_pc;
}

template <class Sink>
void ShadowStack<Sink>::sigreturn(u64 pc) {
  size_t nearest = 0;
  for (size_t i = frames_.size(); i-- > search_end() + 1;) {
    if (!frames_[i].is_signal) continue;
    if (nearest == 0) nearest = i;
    if (frames_[i].return_pc == pc) {
      nearest = i;
      break;
    }
  }
  while (nearest != 0 && frames_.size() > nearest) pop();
  gap();
}

template <class Sink>
void ShadowStack<Sink>::arrive(u64 pc, FunctionId function, bool at_entry) {
  switch (pending_) {
    case Pending::kDirect:
      if (frames_.back().function != function) {
        replace(function, at_entry ? EntryKind::kTail : EntryKind::kJump);
      }
      break;
    case Pending::kStart:
      push(function, 0, EntryKind::kStart);
      break;
    case Pending::kCall:
      // A call of the next instruction only asks where it is.
      if (pc != pending_pc_) push(function, pending_pc_, EntryKind::kCall);
      break;
    case Pending::kReturn:
      if (return_to(pc)) {
        go_on_in(function);
      } else {
        land(function, at_entry);
      }
      break;
    case Pending::kIndirect:
      if (frames_.back().return_pc != pc && frames_.back().function == function) break;
      if (return_to(pc)) {
        go_on_in(function);
      } else {
        land(function, at_entry);
      }
      break;
    case Pending::kSignal:
      push(function, pending_pc_, EntryKind::kSignal);
      break;
    case Pending::kUnknown:
      if (frames_.back().function != function) land(function, at_entry);
      break;
  }
  pending_ = Pending::kDirect;
}

template <class Sink>
bool ShadowStack<Sink>::return_to(u64 pc) {
  if (frames_.back().return_pc != pc && expected_count(pc) == 0) return false;
  size_t keep = frames_.size() - 1;
  const size_t end = search_end();
  while (keep > end && (frames_[keep].return_pc != pc || frames_[keep].is_signal)) --keep;
  if (keep == end) return false;
  while (frames_.size() > keep) pop();
  return true;
}

template <class Sink>
void ShadowStack<Sink>::land(FunctionId function, bool at_entry) {
  if (at_entry) return replace(function, EntryKind::kTail);
  if (!is_active(function)) return replace(function, EntryKind::kJump);
  while (frames_.back().function != function) pop();
}

template <class Sink>
void ShadowStack<Sink>::push(FunctionId function, u64 return_pc, EntryKind kind) {
  if (frames_.size() >= kMaxDepth) return replace(function, kind);
  const bool is_signal = kind == EntryKind::kSignal;
  frames_.push_back({function, is_signal, return_pc});
  if (!is_signal) ++expected_count(return_pc);
  count(function, 1);
  sink_.enter(function, kind);
}

template <class Sink>
void ShadowStack<Sink>::pop() {
  const Frame& frame = frames_.back();
  if (!frame.is_signal) --expected_count(frame.return_pc);
  count(frame.function, -1);
  frames_.pop_back();
  sink_.leave();
}

template <class Sink>
void ShadowStack<Sink>::replace(FunctionId function, EntryKind kind) {
  count(frames_.back().function, -1);
  count(function, 1);
  frames_.back().function = function;
  sink_.leave();
  sink_.enter(function, kind);
}

template <class Sink>
void ShadowStack<Sink>::finish() {
  while (!frames_.empty()) pop();
  pending_ = Pending::kStart;
}

}  // namespace tiptoe::analysis
