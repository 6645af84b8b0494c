// The command: picks the verb, and turns whatever goes wrong into one line and an exit status.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "cli/output.h"
#include "cli/verbs.h"

namespace {

using namespace tiptoe::cli;

constexpr char kDescription[] =
    "Tiptoe records every step of a program's threads and shows where they went.";
constexpr char kExamples[] =
    "Examples:\n"
    "  tiptoe record -- ls -l            run ls, write tiptoe.trace\n"
    "  tiptoe report                     functions by instructions executed\n"
    "  tiptoe calls --depth 6            the call tree in order of execution\n"
    "  tiptoe path --count 50            the first 50 instructions\n"
    "  tiptoe export --to flame -o f.svg a flame graph for the browser\n";

// The verbs that run a program report their own failures apart from its exit status.
int failure_status(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  return verb == "record" || verb == "run" ? kTiptoeFailed : kFailed;
}

int run(int argc, char** argv) {
  CLI::App app{kDescription, "tiptoe"};
  app.footer(kExamples);
  app.set_version_flag("--version", "tiptoe " TIPTOE_VERSION);
  app.require_subcommand(1);
  int status = 0;
  add_record_verb(app, status);
  add_run_verb(app, status);
  add_info_verb(app, status);
  add_report_verb(app, status);
  add_calls_verb(app, status);
  add_path_verb(app, status);
  add_export_verb(app, status);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return kFailed;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail(std::string(error.what()) + "; see tiptoe --help", failure_status(argc, argv));
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return fail(std::string("cannot write the output: ") + std::strerror(errno),
                failure_status(argc, argv));
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", failure_status(argc, argv));
  } catch (const std::exception& error) {
    return fail(error.what(), failure_status(argc, argv));
  }
}
