#include "analysis/info.h"

namespace tiptoe::analysis {
namespace {

// What leaving by an exit adds up to, prepared so that the counting loop touches one line of
// memory.
struct ExitCost {
  u64 target = 0;  // where a direct exit must arrive; 0: anywhere
  u64 pc = 0;      // where its block begins
  u32 instructions = 0;
  bool is_syscall = false;
};

std::vector<ExitCost> exit_costs(const trace::Image& image) {
  std::vector<ExitCost> costs;
  costs.reserve(image.exit_count());
  for (const trace::Block& block : image.blocks) {
    for (u32 i = 0; i < block.exit_count; ++i) {
      const BlockExit exit = block.exit(i);
      costs.push_back({exit.target, image.segments[block.first_segment].pc, exit.instruction + 1u,
                       exit.kind == ExitKind::kSyscall});
    }
  }
  return costs;
}

class Counter {
 public:
  Counter(const trace::Image& image, const std::vector<ExitCost>& costs, StreamCounts& counts)
      : image_(image), costs_(costs), counts_(counts) {}

  void exit(u32 id) {
    ++counts_.words;
    const u32 slot = image_.slot_of(id);
    if (slot == trace::kNone) {
      ++(id == kUnnamedExit ? counts_.unnamed_exits : counts_.unknown_exits);
      expected_ = 0;
      return;
    }
    const ExitCost& cost = costs_[slot];
    counts_.path_breaks += expected_ != 0 && expected_ != cost.pc;
    expected_ = cost.target;
    ++counts_.blocks;
    counts_.instructions += cost.instructions;
    counts_.syscalls += cost.is_syscall;
  }

  void control(Control kind, std::span<const u32> payload) {
    counts_.words += 1 + payload.size();
    if (kind == Control::kSyscall) return;  // the path goes on behind the syscall instruction
    if (kind == Control::kPartial || kind == Control::kSingle) check_arrival(kind, payload);
    expected_ = 0;
    switch (kind) {
      case Control::kSignal:
        ++counts_.signals;
        break;
      case Control::kThreadEnd:
        counts_.ended = true;
        break;
      case Control::kSingle:
        ++counts_.instructions;
        break;
      case Control::kPartial:
        if (payload.size() >= 2) counts_.instructions += payload[1];
        break;
      case Control::kGap:
        if (payload.size() >= 2) counts_.dropped_words += payload[0] | u64{payload[1]} << 32;
        break;
      default:
        break;
    }
  }

  void gap() { expected_ = 0; }

 private:
  void check_arrival(Control kind, std::span<const u32> payload) {
    if (payload.size() < 2 || expected_ == 0) return;
    u64 pc = payload[0] | u64{payload[1]} << 32;
    if (kind == Control::kPartial) {
      const u32 slot = image_.slot_of(payload[0]);
      if (slot == trace::kNone) {
        ++(payload[0] == kUnnamedExit ? counts_.unnamed_exits : counts_.unknown_exits);
        return;
      }
      pc = costs_[slot].pc;
    }
    counts_.path_breaks += pc != expected_;
  }

  const trace::Image& image_;
  const std::vector<ExitCost>& costs_;
  StreamCounts& counts_;
  u64 expected_ = 0;
};

}  // namespace

StreamCounts& StreamCounts::operator+=(const StreamCounts& other) {
  words += other.words;
  instructions += other.instructions;
  blocks += other.blocks;
  syscalls += other.syscalls;
  signals += other.signals;
  dropped_words += other.dropped_words;
  unnamed_exits += other.unnamed_exits;
  unknown_exits += other.unknown_exits;
  path_breaks += other.path_breaks;
  missing_chunks += other.missing_chunks;
  return *this;
}

TraceCounts count_everything(const trace::Reader& reader, const trace::Program& program) {
  TraceCounts counts;
  std::vector<std::vector<ExitCost>> costs;
  for (const trace::Image& image : program.images) costs.push_back(exit_costs(image));
  for (const trace::Stream& stream : program.streams) {
    StreamCounts& one = counts.streams.emplace_back();
    Counter counter(program.images[stream.image], costs[stream.image], one);
    trace::FlowReader flow(reader, stream);
    trace::FlowChunk chunk;
    while (flow.next(chunk)) {
      if (chunk.missing_before != 0) counter.gap();
      one.missing_chunks += chunk.missing_before;
      if (!trace::for_each_record(chunk.words, counter)) {
        counts.problems.add("flow chunk " + std::to_string(chunk.sequence) + " of stream " +
                            stream_name(program, stream) + " ends in the middle of a record");
      }
    }
    for (const std::string& problem : flow.problems().problems) counts.problems.add(problem);
    counts.total += one;
  }
  return counts;
}

}  // namespace tiptoe::analysis
