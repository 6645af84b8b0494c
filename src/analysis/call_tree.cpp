#include "analysis/call_tree.h"

#include <utility>

namespace tiptoe::analysis {
namespace {

constexpr u32 kMaxPeriod = 16;
// How far a merge looks for the same function among siblings before it gives up.
constexpr u32 kMergeWindow = 64;
constexpr FunctionId kNoFunction = ~0u;

}  // namespace

u32 CallTree::new_node(FunctionId function, EntryKind kind, u32 parent) {
  u32 index;
  if (free_.empty()) {
    index = static_cast<u32>(nodes_.size());
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
    nodes_[index] = {};
  }
  nodes_[index].function = function;
  nodes_[index].kind = kind;
  if (parent != kNoNode) link_last(parent, index);
  return index;
}

void CallTree::link_last(u32 parent, u32 child) {
  Node& above = nodes_[parent];
  nodes_[child].parent = parent;
  nodes_[child].previous = above.last_child;
  nodes_[child].next = kNoNode;
  (above.last_child == kNoNode ? above.first_child : nodes_[above.last_child].next) = child;
  above.last_child = child;
}

void CallTree::unlink(u32 child) {
  const Node& node = nodes_[child];
  Node& above = nodes_[node.parent];
  (node.previous == kNoNode ? above.first_child : nodes_[node.previous].next) = node.next;
  (node.next == kNoNode ? above.last_child : nodes_[node.next].previous) = node.previous;
}

void CallTree::begin_root(u32 stream, bool forked) {
  const u32 node = new_node(kNoFunction, EntryKind::kStart, kNoNode);
  roots_.push_back({stream, node, forked});
  open_.assign(1, node);
}

u32 CallTree::find_folded_child(u32 parent, FunctionId function) {
  const u32 last = nodes_[parent].last_child;
  if (last != kNoNode && nodes_[last].function == function) return last;
  const auto found = children_.find(child_key(parent, function));
  return found == children_.end() ? kNoNode : found->second;
}

void CallTree::enter(FunctionId function, EntryKind kind) {
  if (exact_ && live_nodes() >= limits_.exact_nodes) fold_by_caller();
  const u32 parent = open_.back();
  u32 node = exact_ ? kNoNode : find_folded_child(parent, function);
  if (node == kNoNode) {
    if (live_nodes() >= limits_.nodes) {
      ++hidden_calls_;
      open_.push_back(parent);
      return;
    }
    node = new_node(function, kind, parent);
    if (!exact_) children_[child_key(parent, function)] = node;
  }
  ++nodes_[node].count;
  open_.push_back(node);
}

void CallTree::leave() {
  const u32 node = open_.back();
  open_.pop_back();
  if (exact_ && open_.back() != node) fold_repeats(open_.back());
}

void CallTree::fold_repeats(u32 parent) {
  for (u32 period = 1; period <= kMaxPeriod; ++period) {
    if (fold_period(parent, period)) return;
  }
}

// Merges the last `period` children into the `period` before them when the functions are the same.
bool CallTree::fold_period(u32 parent, u32 period) {
  u32 late = nodes_[parent].last_child;
  u32 early = late;
  for (u32 i = 0; i < period && early != kNoNode; ++i) early = nodes_[early].previous;
  const u32 late_end = early;
  if (early == kNoNode || !is_same_call(early, late)) return false;
  std::pair<u32, u32> pairs[kMaxPeriod];
  for (u32 i = 0; i < period; ++i) {
    if (early == kNoNode || !is_same_call(early, late)) return false;
    pairs[i] = {early, late};
    early = nodes_[early].previous;
    late = nodes_[late].previous;
  }
  if (late != late_end) return false;
  for (u32 i = 0; i < period; ++i) merge(pairs[i].first, pairs[i].second);
  return true;
}

// Looks forward from `from`, then from the beginning.
u32 CallTree::find_child(u32 parent, FunctionId function, u32 from) const {
  u32 looked_at = 0;
  for (u32 at = from; at != kNoNode && looked_at < kMergeWindow; at = nodes_[at].next) {
    if (nodes_[at].function == function) return at;
    ++looked_at;
  }
  for (u32 at = nodes_[parent].first_child; at != from && at != kNoNode; at = nodes_[at].next) {
    if (nodes_[at].function == function) return at;
    if (++looked_at >= 2 * kMergeWindow) break;
  }
  return kNoNode;
}

// Adds `from`, with everything below it, to `into`, in the order of both; `from` is then gone.
void CallTree::merge(u32 into, u32 from) {
  std::vector<std::pair<u32, u32>> work{{into, from}};
  unlink(from);
  while (!work.empty()) {
    const auto [target, source] = work.back();
    work.pop_back();
    nodes_[target].count += nodes_[source].count;
    nodes_[target].self += nodes_[source].self;
    u32 cursor = nodes_[target].first_child;
    for (u32 child = nodes_[source].first_child; child != kNoNode;) {
      const u32 next = nodes_[child].next;
      const u32 same = find_child(target, nodes_[child].function, cursor);
      if (same == kNoNode) {
        link_last(target, child);
      } else {
        work.emplace_back(same, child);
        cursor = nodes_[same].next;
      }
      child = next;
    }
    if (remember_merges_) merged_into_[source] = target;
    free_.push_back(source);
  }
}

void CallTree::fold_children_by_caller(u32 parent) {
  std::unordered_map<FunctionId, u32> first;
  for (u32 child = nodes_[parent].first_child; child != kNoNode;) {
    const u32 next = nodes_[child].next;
    const auto [same, is_new] = first.try_emplace(nodes_[child].function, child);
    if (!is_new) merge(same->second, child);
    child = next;
  }
}

void CallTree::fold_by_caller() {
  remember_merges_ = true;
  std::vector<u32> work;
  for (const Root& root : roots_) work.push_back(root.node);
  while (!work.empty()) {
    const u32 parent = work.back();
    work.pop_back();
    fold_children_by_caller(parent);
    for (u32 child = nodes_[parent].first_child; child != kNoNode; child = nodes_[child].next) {
      children_[child_key(parent, nodes_[child].function)] = child;
      work.push_back(child);
    }
  }
  for (u32& node : open_) {
    for (auto moved = merged_into_.find(node); moved != merged_into_.end();
         moved = merged_into_.find(node)) {
      node = moved->second;
    }
  }
  merged_into_.clear();
  remember_merges_ = false;
  exact_ = false;
}

void CallTree::finish() {
  std::vector<u32> order;
  for (const Root& root : roots_) order.push_back(root.node);
  for (size_t i = 0; i < order.size(); ++i) {
    for (u32 child = nodes_[order[i]].first_child; child != kNoNode; child = nodes_[child].next) {
      order.push_back(child);
    }
  }
  for (const u32 index : order) nodes_[index].total = nodes_[index].self;
  for (size_t i = order.size(); i-- > 0;) {
    const Node& node = nodes_[order[i]];
    if (node.parent != kNoNode) nodes_[node.parent].total += node.total;
  }
}

namespace {

// Tells whether a stream begins in a forked child, whose callers are in another process' stream.
struct ForkFinder {
  bool first = true;
  bool forked = false;

  void exit(u32) { first = false; }
  void control(Control kind, std::span<const u32>) {
    if (std::exchange(first, false)) forked = kind == Control::kForkChild;
  }
};

bool begins_forked(const trace::Reader& reader, const trace::Stream& stream) {
  trace::FlowReader flow(reader, stream);
  trace::FlowChunk chunk;
  ForkFinder finder;
  if (flow.next(chunk) && chunk.missing_before == 0) {
    trace::for_each_record(chunk.words.first(std::min<size_t>(chunk.words.size(), 3)), finder);
  }
  return finder.forked;
}

}  // namespace

CallTree make_call_tree(const trace::Reader& reader, const trace::Program& program,
                        std::span<const u32> streams, const CodeMap& map,
                        const CallTree::Limits& limits) {
  CallTree tree(limits);
  for (const u32 index : streams) {
    const trace::Stream& stream = program.streams[index];
    tree.begin_root(index, begins_forked(reader, stream));
    ShadowStack stack(map, program.images[stream.image], stream.image, tree);
    walk_stream(reader, stream, stack, tree.problems);
    stack.finish();
  }
  tree.finish();
  return tree;
}

}  // namespace tiptoe::analysis
