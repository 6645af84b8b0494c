// tiptoe calls: the call tree in order of execution.
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <unordered_set>

#include "analysis/call_tree.h"
#include "cli/output.h"
#include "cli/trace_input.h"
#include "cli/verbs.h"

namespace tiptoe::cli {
namespace {

using analysis::CallTree;
using analysis::EntryKind;
using nlohmann::json;

struct Options {
  InputOptions input;
  bool json = false;
  u64 depth = ~u64{0};
  std::string function;
};

const char* mark_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kTail:
      return "  (tail call)";
    case EntryKind::kJump:
      return "  (jumped into)";
    case EntryKind::kSignal:
      return "  (signal handler)";
    case EntryKind::kStart:
    case EntryKind::kCall:
      break;
  }
  return "";
}

const char* name_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kStart:
      return "start";
    case EntryKind::kCall:
      return "call";
    case EntryKind::kTail:
      return "tail";
    case EntryKind::kJump:
      return "jump";
    case EntryKind::kSignal:
      return "signal";
  }
  return "";
}

class Printer {
 public:
  Printer(TraceInput& input, const CallTree& tree, const Options& options)
      : input_(input), tree_(tree), options_(options) {
    if (!options.function.empty()) select(std::regex(options.function, std::regex::optimize));
  }

  void print_all() {
    for (const CallTree::Root& root : tree_.roots()) print_root(root);
  }
  void print_json() {
    print("{\"exact_order\": " + std::string(tree_.is_exact() ? "true" : "false") +
          ", \"threads\": [");
    bool first = true;
    for (const CallTree::Root& root : tree_.roots()) {
      const trace::Stream& stream = input_.program().streams[root.stream];
      print(first ? "\n" : ",\n");
      first = false;
      print(json{{"tid", input_.program().thread(stream).tid},
                 {"stream", analysis::stream_name(input_.program(), stream)},
                 {"forked", root.forked},
                 {"instructions", tree_.node(root.node).total}}
                .dump());
    }
    print("],\n\"calls\": [");
    first_call_ = true;
    for (const CallTree::Root& root : tree_.roots()) {
      visit(root, [&](u32 node, u64 depth) { print_call_json(root, node, depth); });
    }
    print("\n]}\n");
  }

 private:
  // Everything below a matching function, and the way to it.
  void select(const std::regex& pattern) {
    std::unordered_map<analysis::FunctionId, bool> matches;
    filtered_ = true;
    for (const CallTree::Root& root : tree_.roots()) {
      visit_all(root, [&](u32 index, u64) {
        const CallTree::Node& node = tree_.node(index);
        const bool below = inside_.contains(node.parent);
        const auto [match, is_new] = matches.try_emplace(node.function, false);
        if (is_new) {
          match->second = std::regex_search(input_.symbols().function(node.function).name, pattern);
        }
        if (!below && !match->second) return;
        inside_.insert(index);
        for (u32 up = index; up != CallTree::kNoNode && shown_.insert(up).second;) {
          up = tree_.node(up).parent;
        }
      });
    }
  }

  template <class Visit>
  void visit_all(const CallTree::Root& root, Visit visit) const {
    u64 depth = 0;
    for (u32 at = tree_.node(root.node).first_child; at != CallTree::kNoNode;) {
      visit(at, depth);
      if (tree_.node(at).first_child != CallTree::kNoNode) {
        at = tree_.node(at).first_child;
        ++depth;
        continue;
      }
      while (at != root.node && tree_.node(at).next == CallTree::kNoNode) {
        at = tree_.node(at).parent;
        --depth;
      }
      if (at == root.node) return;
      at = tree_.node(at).next;
    }
  }

  template <class Visit>
  void visit(const CallTree::Root& root, Visit visit) const {
    visit_all(root, [&](u32 node, u64 depth) {
      if (depth < options_.depth && (!filtered_ || shown_.contains(node))) visit(node, depth);
    });
  }

  void print_root(const CallTree::Root& root) {
    const trace::Program& program = input_.program();
    const trace::Stream& stream = program.streams[root.stream];
    if (filtered_ && !shown_.contains(root.node)) return;
    print(std::string(first_root_ ? "" : "\n") +
          printable(analysis::stream_title(program, stream)) + ", stream " +
          analysis::stream_name(program, stream) + ": " + with_commas(tree_.node(root.node).total) +
          " instructions" + (root.forked ? ", forked: its callers are its parent's\n" : "\n"));
    first_root_ = false;
    print(right("total", 16) + right("self", 16) + right("calls", 12) + "  function\n");
    visit(root, [&](u32 node, u64 depth) { print_call(node, depth + root.forked); });
  }

  void print_call(u32 index, u64 depth) {
    const CallTree::Node& node = tree_.node(index);
    print(right(with_commas(node.total), 16) + right(with_commas(node.self), 16) +
          right(with_commas(node.count), 12) + "  " + std::string(2 * depth, ' ') +
          printable(input_.symbols().function(node.function).name) + mark_of(node.kind) + "\n");
  }

  void print_call_json(const CallTree::Root& root, u32 index, u64 depth) {
    const CallTree::Node& node = tree_.node(index);
    const symbol::Function& function = input_.symbols().function(node.function);
    print(first_call_ ? "\n" : ",\n");
    first_call_ = false;
    const trace::Stream& stream = input_.program().streams[root.stream];
    print(json{{"stream", analysis::stream_name(input_.program(), stream)},
               {"depth", depth},
               {"function", valid_utf8(function.name)},
               {"module", valid_utf8(function.module)},
               {"kind", name_of(node.kind)},
               {"calls", node.count},
               {"self", node.self},
               {"total", node.total}}
              .dump());
  }

  TraceInput& input_;
  const CallTree& tree_;
  const Options& options_;
  bool filtered_ = false;
  bool first_root_ = true;
  bool first_call_ = true;
  std::unordered_set<u32> inside_;  // at or below a matching function
  std::unordered_set<u32> shown_;   // those and everything above them
};

int calls(const Options& options) {
  const auto input = TraceInput::open_flow(options.input);
  if (!input) return fail(input.error().message, kFailed);
  const analysis::CodeMap& code = (*input)->code();
  const CallTree tree = analysis::make_call_tree((*input)->reader(), (*input)->program(),
                                                 (*input)->streams(), code, CallTree::Limits{});
  std::unique_ptr<Printer> printer;
  try {
    printer = std::make_unique<Printer>(**input, tree, options);
  } catch (const std::regex_error& error) {
    return fail("--function: not a regular expression: " + options.function, kFailed);
  }
  if (options.json) {
    printer->print_json();
  } else {
    printer->print_all();
    if (!tree.is_exact()) {
      warn(
          "note: many different calls; those of one function by the same caller share a line, in "
          "order of first execution");
    }
    if (tree.hidden_calls() != 0) {
      warn("note: " + with_commas(tree.hidden_calls()) +
           " calls found no room in the tree and count for their callers");
    }
  }
  return (*input)->conclude(tree.problems);
}

}  // namespace

void add_calls_verb(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("calls", "The call tree in order of execution");
  verb->footer(
      "Repeated calls (a loop's body) are folded into one line with a count. Instructions are "
      "those\n"
      "executed by the function itself (self) and with everything that it called (total).");
  add_file_option(*verb, options->input);
  verb->add_flag("--json", options->json, "Print JSON: a flat list of calls, each with its depth");
  verb->add_option("--depth", options->depth, "Show this many levels");
  verb->add_option(
      "--function", options->function,
      "Only calls of functions that match this regular expression, with what they call "
      "and how they were reached");
  add_thread_option(*verb, options->input);
  add_process_option(*verb, options->input);
  verb->callback([options, &status] { status = calls(*options); });
}

}  // namespace tiptoe::cli
