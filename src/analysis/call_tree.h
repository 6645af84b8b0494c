// Who called whom, in order of execution, with how often and how many instructions.
//
// Repeats are folded as they appear: when the last calls of a function equal, by function, the
// calls before them (a loop's body, up to 16 calls long), they become one group with a count. The
// order of execution stays visible. A trace with more distinct calls than `max_exact_nodes` is
// folded harder from then on: calls of one function by the same caller become one line, in order of
// first execution; so memory stays bounded.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/shadow_stack.h"
#include "analysis/streams.h"

namespace tiptoe::analysis {

class CallTree {
 public:
  static constexpr u32 kNoNode = ~0u;

  struct Node {
    FunctionId function = 0;
    EntryKind kind{};
    u32 parent = kNoNode;
    u32 first_child = kNoNode;
    u32 last_child = kNoNode;
    u32 previous = kNoNode;  // sibling
    u32 next = kNoNode;
    u64 count = 0;  // calls
    u64 self = 0;   // instructions
    u64 total = 0;  // and those of everything below; set by finish()
  };
  struct Root {
    u32 stream = 0;      // index into Program::streams
    u32 node = kNoNode;  // stands for the thread itself; its children were executed
    bool forked = false;
  };
  struct Limits {
    size_t exact_nodes = 1'000'000;  // 0: fold by caller from the start
    size_t nodes = 8'000'000;        // beyond, calls count for their caller
  };

  explicit CallTree(const Limits& limits) : limits_(limits), exact_(limits.exact_nodes != 0) {}

  // What follows is of this stream.
  void begin_root(u32 stream, bool forked);
  // The sink of a ShadowStack.
  void enter(FunctionId function, EntryKind kind);
  void leave();
  void executed(u64 instructions) { nodes_[open_.back()].self += instructions; }
  // After the last root: computes the totals.
  void finish();

  const Node& node(u32 index) const { return nodes_[index]; }
  const std::vector<Root>& roots() const { return roots_; }
  // False when calls of one function by one caller were put together.
  bool is_exact() const { return exact_; }
  // Calls that found no room and count for their caller.
  u64 hidden_calls() const { return hidden_calls_; }

  trace::Integrity problems;

 private:
  static u64 child_key(u32 parent, FunctionId function) { return u64{parent} << 32 | function; }

  u32 new_node(FunctionId function, EntryKind kind, u32 parent);
  void link_last(u32 parent, u32 child);
  void unlink(u32 child);
  void fold_repeats(u32 parent);
  bool is_same_call(u32 a, u32 b) const {
    return nodes_[a].function == nodes_[b].function && nodes_[a].kind == nodes_[b].kind;
  }
  bool fold_period(u32 parent, u32 period);
  void merge(u32 into, u32 from);
  u32 find_child(u32 parent, FunctionId function, u32 from) const;
  u32 find_folded_child(u32 parent, FunctionId function);
  void fold_by_caller();
  void fold_children_by_caller(u32 parent);
  size_t live_nodes() const { return nodes_.size() - free_.size(); }

  Limits limits_;
  bool exact_;
  std::vector<Node> nodes_;
  std::vector<u32> free_;
  std::vector<u32> open_;  // the current path; a hidden call repeats its caller
  std::vector<Root> roots_;
  std::unordered_map<u64, u32> children_;     // when folding by caller
  std::unordered_map<u32, u32> merged_into_;  // while folding everything
  bool remember_merges_ = false;
  u64 hidden_calls_ = 0;
};

CallTree make_call_tree(const trace::Reader& reader, const trace::Program& program,
                        std::span<const u32> streams, const CodeMap& map,
                        const CallTree::Limits& limits);

}  // namespace tiptoe::analysis
