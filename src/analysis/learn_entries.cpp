#include "analysis/learn_entries.h"

#include <unordered_set>
#include <vector>

#include "analysis/streams.h"

namespace tiptoe::analysis {
namespace {

// Of one image: for each block whether its function is unknown, and whether it was entered by a
// call.
struct Blocks {
  std::vector<bool> uncovered;
  std::vector<bool> called;
  bool any = false;
};

// Marks the blocks that an indirect call, a thread's start or a signal arrives at.
class CallTargets {
 public:
  CallTargets(const trace::Image& image, Blocks& blocks) : image_(image), blocks_(blocks) {}

  void exit(u32 id) {
    const u32 slot = image_.slot_of(id);
    if (slot == trace::kNone) return gap();
    const u32 index = image_.block_of_slot[slot];
    arrive(index);
    const trace::Block& block = image_.blocks[index];
    after_call_ = block.exit(slot - block.first_slot).kind == ExitKind::kCallIndirect;
  }
  void control(Control kind, std::span<const u32> payload) {
    if (kind == Control::kPartial && !payload.empty()) {
      const u32 slot = image_.slot_of(payload[0]);
      if (slot != trace::kNone) arrive(image_.block_of_slot[slot]);
    }
    after_call_ = kind == Control::kThreadStart || kind == Control::kSignal;
  }
  void gap() { after_call_ = false; }

 private:
  void arrive(u32 block) {
    if (after_call_ && blocks_.uncovered[block]) blocks_.called[block] = true;
  }

  const trace::Image& image_;
  Blocks& blocks_;
  bool after_call_ = false;
};

// Direct calls say in the code itself where they go. (A call of the next instruction is none.)
std::unordered_set<u64> direct_call_targets(const trace::Image& image) {
  std::unordered_set<u64> targets;
  for (const trace::Block& block : image.blocks) {
    const trace::Segment& last = image.segments[block.first_segment + block.segment_count - 1];
    for (u32 i = 0; i < block.exit_count; ++i) {
      const BlockExit exit = block.exit(i);
      if (exit.kind == ExitKind::kCall && exit.target != last.pc + last.bytes.size()) {
        targets.insert(exit.target);
      }
    }
  }
  return targets;
}

}  // namespace

void learn_entries(const trace::Reader& reader, const trace::Program& program,
                   std::span<const u32> streams, symbol::Symbolizer& symbols) {
  std::vector<Blocks> images(program.images.size());
  const auto entry_segment = [](const trace::Image& image, size_t block) {
    return image.segments[image.blocks[block].first_segment];
  };
  for (size_t i = 0; i < images.size(); ++i) {
    const trace::Image& image = program.images[i];
    images[i].uncovered.resize(image.blocks.size());
    images[i].called.resize(image.blocks.size());
    const std::unordered_set<u64> targets = direct_call_targets(image);
    for (size_t b = 0; b < image.blocks.size(); ++b) {
      const trace::Segment segment = entry_segment(image, b);
      if (symbols.is_covered(segment.module, segment.pc)) continue;
      images[i].uncovered[b] = true;
      images[i].called[b] = targets.contains(segment.pc);
      images[i].any = true;
    }
  }
  for (const u32 index : streams) {
    const trace::Stream& stream = program.streams[index];
    if (!images[stream.image].any) continue;
    trace::Integrity ignored;  // the analysis itself reads the same streams and tells
    CallTargets targets(program.images[stream.image], images[stream.image]);
    walk_stream(reader, stream, targets, ignored);
  }
  for (size_t i = 0; i < images.size(); ++i) {
    for (size_t b = 0; b < images[i].called.size(); ++b) {
      if (!images[i].called[b]) continue;
      const trace::Segment segment = entry_segment(program.images[i], b);
      symbols.learn_entry(segment.module, segment.pc);
    }
  }
}

}  // namespace tiptoe::analysis
