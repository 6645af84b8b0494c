#include "symbol/function_ranges.h"

#include <algorithm>
#include <tuple>

namespace tiptoe::symbol {
namespace {

size_t leading_underscores(const std::string& name) {
  return std::min(name.find_first_not_of('_'), name.size());
}

// Orders the candidates of one address, the one to keep first.
bool better(const Candidate& a, const Candidate& b) {
  const auto key = [](const Candidate& candidate) {
    return std::tuple(candidate.rank <= Rank::kEntry, candidate.size == 0,
                      -static_cast<int>(candidate.rank), leading_underscores(candidate.name),
                      candidate.name.size());
  };
  const auto key_a = key(a);
  const auto key_b = key(b);
  return key_a != key_b ? key_a < key_b : a.name < b.name;
}

void sort_and_keep_best(std::vector<Candidate>& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.start != b.start ? a.start < b.start : better(a, b);
  });
  std::vector<Candidate> kept;
  for (Candidate& candidate : candidates) {
    if (kept.empty() || kept.back().start != candidate.start) {
      kept.push_back(std::move(candidate));
    } else if (kept.back().size == 0) {
      kept.back().size = candidate.size;  // an assembler label whose extent the unwind table knows
    }
  }
  candidates = std::move(kept);
}

// Labels inside a named function, and unwind ranges or learned entries inside one, say nothing new.
void drop_labels(std::vector<Candidate>& candidates) {
  u64 named_to = 0;
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const bool named = candidate.rank > Rank::kEntry;
    const bool inside = candidate.start < named_to;
    const bool is_label = candidate.size == 0 || candidate.rank <= Rank::kUntyped;
    if (inside && is_label) return true;
    if (named) named_to = std::max(named_to, candidate.start + candidate.size);
    return false;
  });
}

void give_sizes(std::vector<Candidate>& candidates, std::span<const u64> limits) {
  for (size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    if (candidate.size != 0) continue;
    u64 end = i + 1 < candidates.size() ? candidates[i + 1].start : ~u64{0};
    for (const u64 limit : limits) {
      if (limit > candidate.start) end = std::min(end, limit);
    }
    candidate.size = end - candidate.start;
  }
}

}  // namespace

const FunctionRange* FunctionRanges::find(u64 address) const {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), address,
                       [](u64 value, const FunctionRange& range) { return value < range.start; });
  if (after == ranges.begin()) return nullptr;
  const FunctionRange& range = *std::prev(after);
  return address < range.end ? &range : nullptr;
}

FunctionRanges make_function_ranges(std::vector<Candidate> candidates,
                                    std::span<const u64> limits) {
  sort_and_keep_best(candidates);
  drop_labels(candidates);
  give_sizes(candidates, limits);

  FunctionRanges result;
  result.functions = std::move(candidates);
  std::vector<u32> open;  // nested functions around the current address, innermost last
  u64 at = 0;
  const auto function_end = [&](u32 index) {
    return result.functions[index].start + result.functions[index].size;
  };
  const auto advance_to = [&](u64 address) {
    while (!open.empty() && at < address) {
      const u64 end = std::min(address, function_end(open.back()));
      if (end > at) result.ranges.push_back({at, end, open.back()});
      at = std::max(at, end);
      if (function_end(open.back()) <= at) open.pop_back();
    }
    at = address;
  };
  for (u32 i = 0; i < result.functions.size(); ++i) {
    advance_to(result.functions[i].start);
    open.push_back(i);
  }
  advance_to(~u64{0});
  return result;
}

}  // namespace tiptoe::symbol
