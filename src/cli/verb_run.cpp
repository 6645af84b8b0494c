// tiptoe run: runs a program under the engine and records nothing; or checks the engine on it.
#include <memory>

#include "check/check.h"
#include "cli/program_options.h"
#include "cli/verbs.h"

namespace tiptoe::cli {
namespace {

struct Options {
  ProgramOptions program;
  bool check = false;
  bool as_recorded = false;
};

int run(const record::SessionOptions& session, const Options& options) {
  if (!options.check) return record::run_session(session);
  return check::run_check({session.argv, options.as_recorded, session.cache_bytes,
                           session.trust_threshold, session.log_level, session.boot_flags,
                           session.runtime});
}

}  // namespace

void add_run_verb(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand(
      "run", "Run a program under the engine, recording nothing; ends with its exit status");
  verb->footer(
      "Examples:\n"
      "  tiptoe run -- ls -l\n"
      "  tiptoe run --check -- ls -l     does the engine run it exactly as the processor would?");
  auto options = std::make_shared<Options>();
  CLI::Option* check =
      verb->add_flag("--check", options->check,
                     "Keep a native twin in step with the program and stop at the first difference "
                     "(status 125); for "
                     "programs of one thread, about 100,000 instructions a second");
  verb->add_flag("--as-recorded", options->as_recorded,
                 "With --check: the code that tiptoe record would run")
      ->needs(check);
  add_program_options(*verb, options->program);
  verb->callback([verb, options, &status] {
    status = run(session_options(*verb, options->program), *options);
  });
}

}  // namespace tiptoe::cli
