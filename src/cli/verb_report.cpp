// tiptoe report: functions by instructions executed.
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/coverage.h"
#include "analysis/report.h"
#include "cli/output.h"
#include "cli/trace_input.h"
#include "cli/verbs.h"

namespace tiptoe::cli {
namespace {

using nlohmann::json;

constexpr u64 kDefaultTop = 40;

struct Options {
  InputOptions input;
  bool json = false;
  std::string group_by;
  std::string sort = "self";
  u64 top = 0;  // 0: all
  bool top_given = false;

  bool selects_streams() const { return !input.thread.empty() || input.process != 0; }
};

analysis::GroupBy group_by(const std::string& name) {
  if (name == "thread") return analysis::GroupBy::kThread;
  if (name == "process") return analysis::GroupBy::kProcess;
  return analysis::GroupBy::kNothing;
}

std::string label_of(const symbol::Function& function) {
  return printable(function.name) +
         (function.named ? "  [" + printable(function.module) + "]" : "");
}

void print_omitted(u64 functions, u64 top) {
  if (functions <= top) return;
  print("... " + with_commas(functions - top) + " more functions; --top 0 shows all\n");
}

json json_of(const symbol::Function& function) {
  return {{"function", valid_utf8(function.name)},
          {"module", valid_utf8(function.module)},
          {"module_path", valid_utf8(function.module_path)},
          {"address", function.address}};
}

void print_group(const analysis::ReportGroup& group, const symbol::Symbolizer& symbols, u64 top) {
  if (!group.title.empty()) print(printable(group.title) + "\n");
  print(with_commas(group.instructions) + " instructions in " +
        with_commas(group.functions.size()) + " functions\n\n");
  print(right("self", 16) + right("total", 24) + right("calls", 16) + "  function\n");
  for (size_t i = 0; i < std::min<u64>(group.functions.size(), top); ++i) {
    const analysis::FunctionCost& cost = group.functions[i];
    const symbol::Function& function = symbols.function(cost.function);
    print(right(with_commas(cost.self), 16) + right(percent(cost.self, group.instructions), 8) +
          right(with_commas(cost.total), 16) + right(percent(cost.total, group.instructions), 8) +
          right(with_commas(cost.calls), 8) + "  " + label_of(function) + "\n");
  }
  print_omitted(group.functions.size(), top);
}

json json_of(const analysis::ReportGroup& group, const symbol::Symbolizer& symbols, u64 top) {
  json functions = json::array();
  for (size_t i = 0; i < std::min<u64>(group.functions.size(), top); ++i) {
    const analysis::FunctionCost& cost = group.functions[i];
    json entry = json_of(symbols.function(cost.function));
    entry["self"] = cost.self;
    entry["total"] = cost.total;
    entry["calls"] = cost.calls;
    functions.push_back(entry);
  }
  json result = {{"instructions", group.instructions}, {"functions", functions}};
  if (!group.title.empty()) result["title"] = valid_utf8(group.title);
  return result;
}

void sort_by_total(analysis::Report& report) {
  for (analysis::ReportGroup& group : report.groups) {
    std::stable_sort(group.functions.begin(), group.functions.end(),
                     [](const analysis::FunctionCost& a, const analysis::FunctionCost& b) {
                       return a.total > b.total;
                     });
  }
}

// --- coverage

void print_coverage(const analysis::Coverage& coverage, const symbol::Symbolizer& symbols,
                    u64 top) {
  print(with_commas(coverage.instructions) + " instructions (" + with_commas(coverage.bytes) +
        " bytes) of " + with_commas(coverage.functions.size()) + " functions were executed\n\n");
  print(right("executed", 16) + right("bytes", 16) + "  function\n");
  for (size_t i = 0; i < std::min<u64>(coverage.functions.size(), top); ++i) {
    const analysis::FunctionCoverage& one = coverage.functions[i];
    const symbol::Function& function = symbols.function(one.function);
    print(right(with_commas(one.instructions), 16) + right(with_commas(one.bytes), 16) + "  " +
          label_of(function) + "\n");
  }
  print_omitted(coverage.functions.size(), top);
}

json coverage_json(const analysis::Coverage& coverage, const symbol::Symbolizer& symbols, u64 top) {
  json functions = json::array();
  for (size_t i = 0; i < std::min<u64>(coverage.functions.size(), top); ++i) {
    const analysis::FunctionCoverage& one = coverage.functions[i];
    json entry = json_of(symbols.function(one.function));
    entry["executed"] = one.instructions;
    entry["bytes"] = one.bytes;
    functions.push_back(entry);
  }
  return {{"executed", coverage.instructions}, {"bytes", coverage.bytes}, {"functions", functions}};
}

int report_coverage(const Options& options, TraceInput& input, u64 top) {
  if (!options.group_by.empty() || options.selects_streams()) {
    return fail(input.reader().name() +
                    " was recorded with --mode coverage, which does not tell threads apart",
                kFailed);
  }
  const analysis::Coverage coverage = analysis::make_coverage(input.program(), input.symbols());
  for (const std::string& warning : input.symbols().warnings()) warn("note: " + warning);
  if (options.json) {
    print(coverage_json(coverage, input.symbols(), top).dump(2) + "\n");
  } else {
    print_coverage(coverage, input.symbols(), top);
  }
  return input.conclude({});
}

int report(const Options& options) {
  const auto input = TraceInput::open(options.input);
  if (!input) return fail(input.error().message, kFailed);
  const u64 wanted = options.top_given ? options.top : options.json ? 0 : kDefaultTop;
  const u64 top = wanted == 0 ? ~u64{0} : wanted;
  if (!(*input)->has_flow()) return report_coverage(options, **input, top);
  const analysis::CodeMap& code = (*input)->code();
  analysis::Report result =
      analysis::make_report((*input)->reader(), (*input)->program(), (*input)->streams(), code,
                            group_by(options.group_by));
  if (options.sort == "total") sort_by_total(result);
  json list = json::array();
  for (size_t i = 0; i < result.groups.size(); ++i) {
    if (options.json) {
      list.push_back(json_of(result.groups[i], (*input)->symbols(), top));
      continue;
    }
    if (i != 0) print("\n");
    print_group(result.groups[i], (*input)->symbols(), top);
  }
  if (options.json) print(json{{"groups", list}}.dump(2) + "\n");
  return (*input)->conclude(result.problems);
}

}  // namespace

void add_report_verb(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "report", "Functions by instructions executed; of a coverage, by how many of theirs were");
  add_file_option(*verb, options->input);
  verb->add_flag("--json", options->json, "Print JSON");
  const CLI::Option* top = verb->add_option(
      "--top", options->top, "Show this many functions (default 40, 0 for all; with --json all)");
  verb->add_option("--sort", options->sort, "By self (default) or total")
      ->check(CLI::IsMember({"self", "total"}));
  verb->add_option("--by", options->group_by, "One table for each thread or process")
      ->check(CLI::IsMember({"thread", "process"}));
  add_thread_option(*verb, options->input);
  add_process_option(*verb, options->input);
  verb->callback([options, top, &status] {
    options->top_given = top->count() != 0;
    status = report(*options);
  });
}

}  // namespace tiptoe::cli
