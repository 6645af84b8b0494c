// tiptoe run: runs a program under the engine and records nothing.
#include <memory>

#include "cli/program_options.h"
#include "cli/verbs.h"

namespace tiptoe::cli {

void add_run_verb(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand(
      "run", "Run a program under the engine, recording nothing; ends with its exit status");
  verb->footer("Example: tiptoe run -- ls -l");
  auto options = std::make_shared<ProgramOptions>();
  add_program_options(*verb, *options);
  verb->callback(
      [verb, options, &status] { status = record::run_session(session_options(*verb, *options)); });
}

}  // namespace tiptoe::cli
