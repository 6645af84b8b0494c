// tiptoe export: a trace in other tools' formats.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "analysis/call_tree.h"
#include "cli/output.h"
#include "cli/trace_input.h"
#include "cli/verbs.h"
#include "export/flame.h"

namespace tiptoe::cli {
namespace {

struct Options {
  InputOptions input;
  std::string format;
  std::string output;
};

// "-" is stdout.
int write_out(const std::string& path, const std::string& content) {
  if (path == "-") {
    print(content);
    return 0;
  }
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return fail("cannot create " + path + ": " + std::strerror(errno), kFailed);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const int write_error = errno;
  if (std::fclose(file) != 0 || !written) {
    return fail("cannot write " + path + ": " + std::strerror(written ? errno : write_error),
                kFailed);
  }
  return 0;
}

std::string title_of(const trace::Program& program) {
  std::string title;
  for (const std::string& argument : program.session.argv) {
    title += (title.empty() ? "" : " ") + argument;
  }
  return title;
}

int export_flame(TraceInput& input, const Options& options) {
  const analysis::CodeMap& code = input.code();
  const analysis::CallTree tree =
      analysis::make_call_tree(input.reader(), input.program(), input.streams(), code,
                               {.exact_nodes = 0, .nodes = 8'000'000});
  const std::string svg =
      exporter::make_flame_graph(exporter::flame_frames(tree, input.program(), input.symbols()),
                                 {.title = valid_utf8(printable(title_of(input.program())))});
  const int written = write_out(options.output, svg);
  return written != 0 ? written : input.conclude(tree.problems);
}

int run_export(const Options& options) {
  const auto input = TraceInput::open_flow(options.input);
  if (!input) return fail(input.error().message, kFailed);
  return export_flame(**input, options);
}

}  // namespace

void add_export_verb(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("export", "Write a trace in another tool's format");
  verb->footer(
      "Formats:\n  flame  a flame graph by instructions executed: SVG, zoomable and searchable "
      "in a browser");
  add_file_option(*verb, options->input);
  verb->add_option("--to", options->format, "The format")
      ->required()
      ->check(CLI::IsMember({"flame"}));
  verb->add_option("-o,--output", options->output, "The file to write; - for standard output")
      ->required();
  add_thread_option(*verb, options->input);
  add_process_option(*verb, options->input);
  verb->callback([options, &status] { status = run_export(*options); });
}

}  // namespace tiptoe::cli
