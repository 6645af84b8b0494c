// Functions by instructions executed: their own, with everything they called, and how often they
// were called.
#pragma once

#include <string>
#include <vector>

#include "analysis/code_map.h"
#include "analysis/streams.h"

namespace tiptoe::analysis {

struct FunctionCost {
  FunctionId function = 0;
  u64 self = 0;   // instructions executed in it
  u64 total = 0;  // and in what it called; recursion counts once
  u64 calls = 0;
};

struct ReportGroup {
  std::string title;  // of the thread or process; empty for the whole
  u64 instructions = 0;
  std::vector<FunctionCost> functions;  // by self, largest first
};

enum class GroupBy : u8 { kNothing, kThread, kProcess };

struct Report {
  std::vector<ReportGroup> groups;
  trace::Integrity problems;
};

Report make_report(const trace::Reader& reader, const trace::Program& program,
                   std::span<const u32> streams, const CodeMap& map, GroupBy group_by);

}  // namespace tiptoe::analysis
