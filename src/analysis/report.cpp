#include "analysis/report.h"

#include <algorithm>
#include <map>

#include "analysis/shadow_stack.h"

namespace tiptoe::analysis {
namespace {

// Sink of a ShadowStack.
class CostCounter {
 public:
  void enter(FunctionId function, EntryKind kind) {
    if (function >= costs_.size()) grow(function);
    Cost& cost = costs_[function];
    if (kind != EntryKind::kJump) ++cost.calls;
    if (cost.active++ == 0) cost.entered_at = clock_;
    stack_.push_back(function);
  }
  void leave() {
    Cost& cost = costs_[stack_.back()];
    if (--cost.active == 0) cost.total += clock_ - cost.entered_at;
    stack_.pop_back();
  }
  void executed(u64 instructions) {
    clock_ += instructions;
    costs_[stack_.back()].self += instructions;
  }

  ReportGroup result(std::string title) const {
    ReportGroup group{std::move(title), clock_, {}};
    for (FunctionId id = 0; id < costs_.size(); ++id) {
      const Cost& cost = costs_[id];
      if (cost.total != 0 || cost.calls != 0) {
        group.functions.push_back({id, cost.self, cost.total, cost.calls});
      }
    }
    std::sort(group.functions.begin(), group.functions.end(),
              [](const FunctionCost& a, const FunctionCost& b) {
                if (a.self != b.self) return a.self > b.self;
                return a.total != b.total ? a.total > b.total : a.function < b.function;
              });
    return group;
  }

 private:
  struct Cost {
    u64 self = 0;
    u64 total = 0;
    u64 calls = 0;
    u64 entered_at = 0;  // when it went from no frame to one
    u64 active = 0;      // frames of it on the stack
  };

  void grow(FunctionId function) {
    costs_.resize(std::max<size_t>(function + 1, 2 * costs_.size()));
  }

  std::vector<Cost> costs_;
  std::vector<FunctionId> stack_;
  u64 clock_ = 0;
};

std::string group_title(const trace::Program& program, const trace::Stream& stream,
                        GroupBy group_by) {
  switch (group_by) {
    case GroupBy::kNothing:
      return {};
    case GroupBy::kThread:
      return stream_title(program, stream) + ", stream " + stream_name(program, stream);
    case GroupBy::kProcess:
      break;
  }
  const std::string& path = program.images[stream.image].info.path;
  return "process " + std::to_string(pid_of(program, stream)) + " (" +
         path.substr(path.rfind('/') + 1) + ")";
}

}  // namespace

Report make_report(const trace::Reader& reader, const trace::Program& program,
                   std::span<const u32> streams, const CodeMap& map, GroupBy group_by) {
  Report report;
  std::vector<std::string> order;
  std::map<std::string, CostCounter> counters;
  for (const u32 index : streams) {
    const trace::Stream& stream = program.streams[index];
    const std::string title = group_title(program, stream, group_by);
    const auto [counter, is_new] = counters.try_emplace(title);
    if (is_new) order.push_back(title);
    ShadowStack stack(map, program.images[stream.image], stream.image, counter->second);
    walk_stream(reader, stream, stack, report.problems);
    stack.finish();
    if (stack.unknown_exits() != 0) {
      report.problems.add(std::to_string(stack.unknown_exits()) + " exits of " +
                          stream_title(program, stream) + " belong to no known block");
    }
  }
  for (const std::string& title : order) report.groups.push_back(counters[title].result(title));
  return report;
}

}  // namespace tiptoe::analysis
