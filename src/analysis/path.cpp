#include "analysis/path.h"

#include <cstdio>
#include <memory>
#include <unordered_map>

namespace tiptoe::analysis {
namespace {

class PathWalker {
 public:
  PathWalker(const trace::Image& image, PathRange& range,
             const std::function<bool(const Step&)>& step,
             const std::function<void(const std::string&)>& event)
      : image_(image), range_(range), step_(step), event_(event), blocks_(image.blocks.size()) {}

  bool done() const { return range_.count == 0; }

  void exit(u32 id) {
    const u32 slot = image_.slot_of(id);
    if (slot == trace::kNone) return unknown(id);
    const trace::Block& block = image_.blocks[image_.block_of_slot[slot]];
    run(slot, block.exit(slot - block.first_slot).instruction + 1u);
  }

  void control(Control kind, std::span<const u32> payload) {
    const auto pc_text = [&](size_t at) {
      char text[24] = "?";
      if (payload.size() >= at + 2) {
        std::snprintf(text, sizeof text, "0x%llx",
                      static_cast<unsigned long long>(payload[at] | u64{payload[at + 1]} << 32));
      }
      return std::string(text);
    };
    switch (kind) {
      case Control::kPartial: {
        const u32 slot = payload.size() < 2 ? trace::kNone : image_.slot_of(payload[0]);
        if (slot == trace::kNone) return unknown(payload.empty() ? 0 : payload[0]);
        return run(slot, payload[1]);
      }
      case Control::kSingle:
        return single(payload);
      case Control::kSignal:
        return tell("signal " + std::to_string(payload.empty() ? 0 : payload[0]) + " at " +
                    pc_text(1) + ", handler " + pc_text(3));
      case Control::kSigreturn:
        return tell("return from a signal handler to " + pc_text(0));
      case Control::kRseqAbort:
        return tell("restartable sequence aborted, on at " + pc_text(0));
      case Control::kGap:
        return tell("words were dropped here");
      case Control::kForkChild:
        return tell("forked child goes on at " + pc_text(0));
      case Control::kSyscall:
      case Control::kThreadStart:
      case Control::kThreadEnd:
      case Control::kPad:
        return;
    }
  }

  void gap() { tell("part of the recording is missing here"); }

 private:
  void tell(const std::string& text) {
    if (range_.from == 0 && !done()) event_(text);
  }
  void unknown(u32 id) {
    if (id == kUnnamedExit) return tell("a block is missing here: exit ids were used up");
    tell("exit " + std::to_string(id) + " belongs to no known block");
  }

  const std::vector<Instruction>& instructions_of(u32 index) {
    std::unique_ptr<std::vector<Instruction>>& known = blocks_[index];
    if (known == nullptr) {
      known =
          std::make_unique<std::vector<Instruction>>(decode_block(image_, image_.blocks[index]));
    }
    return *known;
  }

  void run(u32 slot, u32 executed) {
    const u32 index = image_.block_of_slot[slot];
    executed = std::min<u32>(executed, image_.blocks[index].instruction_count);
    if (range_.from >= executed) {
      range_.from -= executed;
      return;
    }
    const std::vector<Instruction>& instructions = instructions_of(index);
    if (instructions.size() < executed) tell("a block's bytes do not decode");
    for (u64 i = range_.from; i < std::min<u64>(executed, instructions.size()) && !done(); ++i) {
      const Instruction& instruction = instructions[i];
      show({instruction.pc, instruction.bytes, instruction.module, true, false});
    }
    range_.from = 0;
  }

  void single(std::span<const u32> payload) {
    if (payload.size() < 6) return;
    if (range_.from != 0) {
      --range_.from;
      return;
    }
    const u8* bytes = reinterpret_cast<const u8*>(payload.data() + 2);
    const bool is_32_bit = (bytes[15] & kSingle32Bit) != 0;
    const size_t length = std::min<size_t>(bytes[15] & ~kSingle32Bit, 15);
    if (!done())
      show({payload[0] | u64{payload[1]} << 32, {bytes, length}, trace::kNone, false, is_32_bit});
  }

  void show(const Step& step) {
    --range_.count;
    if (!step_(step)) range_.count = 0;
  }

  const trace::Image& image_;
  PathRange& range_;
  const std::function<bool(const Step&)>& step_;
  const std::function<void(const std::string&)>& event_;
  std::vector<std::unique_ptr<std::vector<Instruction>>> blocks_;
};

}  // namespace

void walk_path(const trace::Reader& reader, const trace::Program& program,
               const trace::Stream& stream, PathRange& range,
               const std::function<bool(const Step&)>& step,
               const std::function<void(const std::string&)>& event, trace::Integrity& problems) {
  PathWalker walker(program.images[stream.image], range, step, event);
  trace::FlowReader flow(reader, stream);
  trace::FlowChunk chunk;
  while (!walker.done() && flow.next(chunk)) {
    if (chunk.missing_before != 0) walker.gap();
    if (!trace::for_each_record(chunk.words, walker)) {
      problems.add("a flow chunk of stream " + stream_name(program, stream) +
                   " ends in the middle of a record");
    }
  }
  for (const std::string& problem : flow.problems().problems) problems.add(problem);
}

}  // namespace tiptoe::analysis
