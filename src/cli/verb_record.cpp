// tiptoe record: runs a program and writes down every step of its threads.
#include <map>
#include <memory>

#include "cli/program_options.h"
#include "cli/verbs.h"

namespace tiptoe::cli {
namespace {

struct Options {
  ProgramOptions program;
  std::string output = "tiptoe.trace";
  trace::RecordMode mode = trace::RecordMode::kFlow;
  bool no_children = false;
  bool wait = false;
};

}  // namespace

void add_record_verb(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand(
      "record", "Run a program and record where it goes; ends with the program's own exit status");
  verb->footer("Example: tiptoe record -- ls -l");
  auto options = std::make_shared<Options>();
  verb->add_option("-o,--output", options->output,
                   "The trace file (mode 0600); an older one is kept as FILE.old")
      ->type_name("FILE")
      ->capture_default_str();
  const std::map<std::string, trace::RecordMode> modes = {
      {"flow", trace::RecordMode::kFlow}, {"coverage", trace::RecordMode::kCoverage}};
  verb->add_option("--mode", options->mode,
                   "What to record: flow, every step (default), or coverage, which instructions "
                   "were executed, at hardly more than the cost of tiptoe run")
      ->type_name("MODE")
      ->transform(CLI::CheckedTransformer(modes));
  verb->add_flag("--no-children", options->no_children, "Do not follow child processes");
  verb->add_flag("--wait", options->wait,
                 "Go on until the last child has ended, too: daemons, background processes");
  add_program_options(*verb, options->program);
  verb->callback([verb, options, &status] {
    record::SessionOptions session = session_options(*verb, options->program);
    session.output = options->output;
    session.mode = options->mode;
    session.follow_children = !options->no_children;
    session.wait = options->wait;
    status = record::run_session(session);
  });
}

}  // namespace tiptoe::cli
