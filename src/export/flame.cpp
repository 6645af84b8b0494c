#include "export/flame.h"

#include <algorithm>
#include <cstdio>

#include "export/flame_script.h"
#include "export/text.h"

namespace tiptoe::exporter {
namespace {

using analysis::CallTree;

constexpr int kWidth = 1200;  // until the script fits it to the window
constexpr int kPad = 12;      // left and right of the graph
constexpr int kTop = 78;      // title, controls, details
constexpr int kBottom = 24;
constexpr int kLevel = 18;  // from one box to the next below it
constexpr int kBoxHeight = 17;
constexpr double kCharWidth = 6.65;  // of the 11 px monospace font, a little more than most have

std::string fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// FNV-1a: the same name has the same colour in every graph.
u32 hash_of(const std::string& text) {
  u32 hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<u8>(c)) * 16777619u;
  return hash ^ hash >> 15;
}

u32 hue_of_library(const std::string& module) {
  struct Known {
    const char* prefix;
    u32 hue;
  };
  constexpr Known kKnown[] = {{"libc.so", 205},   {"libc-", 205},   {"ld-", 262},
                              {"libstdc++", 168}, {"libm.so", 186}, {"[vdso]", 320}};
  for (const Known& known : kKnown) {
    if (module.starts_with(known.prefix)) return known.hue;
  }
  constexpr u32 kHues[] = {90, 120, 145, 225, 240, 285, 300, 335};
  return kHues[hash_of(module) % std::size(kHues)];
}

// The program itself is warm, each library has its own cold hue, functions differ in shade.
std::string colour_of(const FlameFrame& frame) {
  const u32 hash = hash_of(frame.name);
  if (frame.module.empty()) return "hsl(30,8%,80%)";
  if (frame.is_program) {
    return "hsl(" + std::to_string(14 + hash % 34) + "," + std::to_string(84 + (hash >> 8) % 12) +
           "%," + std::to_string(60 + (hash >> 16) % 10) + "%)";
  }
  return "hsl(" + std::to_string(hue_of_library(frame.module) + hash % 9) + "," +
         std::to_string(42 + (hash >> 8) % 14) + "%," + std::to_string(66 + (hash >> 16) % 12) +
         "%)";
}

std::string label_for(const std::string& name, double pixels) {
  const double room = (pixels - 6) / kCharWidth;
  if (room < 3) return {};
  const size_t characters = static_cast<size_t>(room);
  if (name.size() <= characters) return name;
  return valid_utf8(name.substr(0, characters - 1)) + "…";
}

// A frame with its place: `start` is where its box begins, in instructions.
struct Placed {
  const FlameFrame* frame = nullptr;
  u64 start = 0;
};

struct Layout {
  std::vector<Placed> boxes;
  u32 levels = 0;
  size_t narrow = 0;  // left out
  size_t deep = 0;
};

Layout lay_out(const std::vector<FlameFrame>& frames, const FlameOptions& options) {
  Layout layout;
  const double total = frames.empty() ? 0 : static_cast<double>(frames[0].total);
  std::vector<u64> next_start;  // of each level: where its next box begins
  for (const FlameFrame& frame : frames) {
    next_start.resize(frame.depth + 1);
    const u64 start = next_start[frame.depth];
    next_start[frame.depth] += frame.total;
    next_start.push_back(start);
    if (frame.depth >= options.max_depth) {
      ++layout.deep;
    } else if (static_cast<double>(frame.total) < total * options.min_share) {
      ++layout.narrow;
    } else {
      layout.boxes.push_back({&frame, start});
      layout.levels = std::max(layout.levels, frame.depth + 1);
    }
  }
  return layout;
}

std::string box(const Placed& placed, u64 total) {
  const FlameFrame& frame = *placed.frame;
  const double scale = (kWidth - 2.0 * kPad) / static_cast<double>(std::max<u64>(total, 1));
  const double x = kPad + static_cast<double>(placed.start) * scale;
  const double width = static_cast<double>(frame.total) * scale;
  const int y = kTop + static_cast<int>(frame.depth) * kLevel;
  const double share =
      100.0 * static_cast<double>(frame.total) / static_cast<double>(std::max<u64>(total, 1));
  std::string title = frame.name;
  if (!frame.module.empty()) title += " [" + frame.module + "]";
  title += "\n" + with_commas(frame.total) + " instructions, " + fixed(share, 2) + "%";
  if (frame.self != frame.total) title += "\n" + with_commas(frame.self) + " its own";
  return "<g class=\"f\" data-x=\"" + std::to_string(placed.start) + "\" data-w=\"" +
         std::to_string(frame.total) + "\" data-d=\"" + std::to_string(frame.depth) +
         "\" data-n=\"" + xml_text(frame.name) + "\"><title>" + xml_text(title) +
         "</title><rect x=\"" + fixed(x, 1) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
         fixed(std::max(width - 0.6, 0.4), 1) + "\" height=\"" + std::to_string(kBoxHeight) +
         "\" rx=\"1.5\" fill=\"" + colour_of(frame) + "\"/><text x=\"" + fixed(x + 3, 1) +
         "\" y=\"" + std::to_string(y + 12) + "\">" + xml_text(label_for(frame.name, width)) +
         "</text></g>\n";
}

// A command line can be longer than any window.
std::string shortened(const std::string& title) {
  constexpr size_t kMost = 110;
  return title.size() <= kMost ? title : title.substr(0, kMost) + "...";
}

std::string subtitle(const Layout& layout, u64 total) {
  std::string text = with_commas(total) + " instructions";
  const size_t hidden = layout.narrow + layout.deep;
  if (hidden != 0)
    text += "; " + with_commas(hidden) + " boxes too narrow or too deep are left out";
  return text;
}

constexpr char kStyle[] = R"css(
text { font-family: "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; font-size: 11px; fill: #1d1b18; }
.title { font-family: "DejaVu Sans", "Liberation Sans", Helvetica, Arial, sans-serif; font-size: 17px; font-weight: bold; }
.small { font-family: "DejaVu Sans", "Liberation Sans", Helvetica, Arial, sans-serif; font-size: 12px; fill: #6b655c; }
.button { font-family: "DejaVu Sans", "Liberation Sans", Helvetica, Arial, sans-serif; font-size: 12px; fill: #1f5fa8; cursor: pointer; text-anchor: end; }
.button:hover { text-decoration: underline; }
.f { cursor: pointer; }
.f text { pointer-events: none; }
.f:hover rect { stroke: #1d1b18; stroke-width: 1; }
.f.above { opacity: 0.45; }
.f.hit rect { fill: #d63bc4; }
.f.hit text { fill: #ffffff; }
)css";

std::string header(const Layout& layout, u64 total, int height, const FlameOptions& options) {
  const std::string size = std::to_string(kWidth) + "\" height=\"" + std::to_string(height);
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"" +
      size + "\" viewBox=\"0 0 " + std::to_string(kWidth) + " " + std::to_string(height) +
      "\" data-width=\"" + std::to_string(kWidth) + "\" data-pad=\"" + std::to_string(kPad) +
      "\" data-char=\"" + fixed(kCharWidth, 2) + "\" data-total=\"" + std::to_string(total) +
      "\">\n";
  out += "<style>" + std::string(kStyle) + "</style>\n";
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#fdfcf9\"/>\n";
  out += "<text class=\"title\" x=\"" + std::to_string(kPad) + "\" y=\"26\">" +
         xml_text(shortened(options.title)) + "</text>\n";
  out += "<text class=\"small\" x=\"" + std::to_string(kPad) + "\" y=\"46\">" +
         xml_text(subtitle(layout, total)) + "</text>\n";
  out += "<text id=\"details\" x=\"" + std::to_string(kPad) + "\" y=\"67\"> </text>\n";
  const auto right = [](int offset) {
    return "data-right=\"" + std::to_string(offset) + "\" x=\"" + std::to_string(kWidth - offset) +
           "\"";
  };
  out +=
      "<g id=\"controls\" style=\"display:none\">"
      "<text id=\"search\" class=\"button\" " +
      right(kPad) +
      " y=\"26\">Search (Ctrl-F)</text>"
      "<text id=\"reset\" class=\"button\" " +
      right(kPad) +
      " y=\"46\">Reset zoom (Esc)</text>"
      "<text id=\"clear\" class=\"button\" " +
      right(kPad + 120) +
      " y=\"26\">Clear search</text>"
      "<text id=\"matched\" class=\"small\" text-anchor=\"end\" " +
      right(kPad + 120) +
      " y=\"46\"/>"
      "</g>\n";
  return out;
}

}  // namespace

std::string make_flame_graph(const std::vector<FlameFrame>& frames, const FlameOptions& options) {
  const Layout layout = lay_out(frames, options);
  const u64 total = frames.empty() ? 0 : frames[0].total;
  const int height = kTop + static_cast<int>(layout.levels) * kLevel + kBottom;
  std::string out = header(layout, total, height, options);
  out += "<g id=\"frames\">\n";
  for (const Placed& placed : layout.boxes) out += box(placed, total);
  out += "</g>\n";
  if (!layout.boxes.empty())
    out += "<script><![CDATA[" + std::string(kFlameScript) + "]]></script>\n";
  return out + "</svg>\n";
}

std::vector<FlameFrame> flame_frames(const CallTree& tree, const trace::Program& program,
                                     const symbol::Symbolizer& symbols) {
  std::vector<FlameFrame> frames;
  frames.push_back({"all", {}, false, 0, 0, 0});
  const u32 top = tree.roots().size() > 1 ? 2 : 1;
  for (const CallTree::Root& root : tree.roots()) {
    const trace::Stream& stream = program.streams[root.stream];
    const CallTree::Node& thread = tree.node(root.node);
    frames[0].total += thread.total;
    if (top == 2) {
      frames.push_back(
          {analysis::stream_title(program, stream), {}, false, 1, thread.total, thread.self});
    }
    const std::string& program_path = program.images[stream.image].info.path;
    u32 depth = top;
    for (u32 at = thread.first_child; at != CallTree::kNoNode;) {
      const CallTree::Node& node = tree.node(at);
      const symbol::Function& function = symbols.function(node.function);
      frames.push_back({function.name, function.module, function.module_path == program_path, depth,
                        node.total, node.self});
      if (node.first_child != CallTree::kNoNode) {
        at = node.first_child;
        ++depth;
        continue;
      }
      while (at != root.node && tree.node(at).next == CallTree::kNoNode) {
        at = tree.node(at).parent;
        --depth;
      }
      if (at == root.node) break;
      at = tree.node(at).next;
    }
  }
  return frames;
}

}  // namespace tiptoe::exporter
