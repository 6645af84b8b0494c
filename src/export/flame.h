// The flame graph: an SVG in which each call path is a column of boxes, as wide as the instructions
// it executed. Opens in any browser, needs nothing else: click to zoom, search by regular
// expression.
//
// Boxes keep the order of first execution from left to right. The same trace gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "analysis/call_tree.h"

namespace tiptoe::exporter {

// One box; a preorder list of these with their depths is a whole graph.
struct FlameFrame {
  std::string name;
  std::string module;       // decides the colour; empty: no code (a thread)
  bool is_program = false;  // the executed file itself, not a library
  u32 depth = 0;
  u64 total = 0;  // instructions, with everything above it
  u64 self = 0;
};

struct FlameOptions {
  std::string title;
  double min_share = 1.0 / 20000;  // narrower boxes are left out
  u32 max_depth = 300;             // deeper ones, too
};

// The frames of a call tree under one box for everything; with more than one thread, each has a
// box.
std::vector<FlameFrame> flame_frames(const analysis::CallTree& tree, const trace::Program& program,
                                     const symbol::Symbolizer& symbols);

std::string make_flame_graph(const std::vector<FlameFrame>& frames, const FlameOptions& options);

}  // namespace tiptoe::exporter
