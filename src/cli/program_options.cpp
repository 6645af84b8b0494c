#include "cli/program_options.h"

#include "bridge/boot.h"
#include "inject/embedded_runtime.h"

namespace tiptoe::cli {
namespace {

// Everything behind the program's name, as it is. (An option that takes a list would take "[a,b]"
// apart.) The first of what remains is the "--" itself.
std::vector<std::string> program_arguments(const CLI::App& verb) {
  std::vector<std::string> rest = verb.remaining();
  if (rest.empty() || rest.front() != "--") {
    throw CLI::ValidationError("write -- before the program: tiptoe " + verb.get_name() +
                               " -- PROGRAM ARGS...");
  }
  rest.erase(rest.begin());
  return rest;
}

const CLI::Validator at_least_the_least_cache(
    [](const std::string& bytes) {
      return std::stoull(bytes) >= kLeastCacheBytes ? std::string()
                                                    : "the least cache is 512K, a usual one 256M";
    },
    "");

}  // namespace

void add_program_options(CLI::App& verb, ProgramOptions& options) {
  verb.prefix_command();
  verb.add_option("--trust-threshold", options.trust_threshold,
                  "Code on writable pages is compared with what was translated each time it runs; "
                  "after N matches, no more (-1: always compared, right for all programs)")
      ->type_name("N")
      ->check(CLI::Range(-1, 1'000'000'000));
  verb.add_option("--cache-size", options.cache_bytes,
                  "How much translated code to keep; the oldest is thrown away (at least 512K; "
                  "default 256M)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(at_least_the_least_cache);
  verb.add_option(
          "--log", options.log_level,
          "What the runtime says of its own work on stderr: 0 nothing, 1 problems, 2 blocks, "
          "3 everything")
      ->type_name("N")
      ->check(CLI::Range(0, 3));
  verb.add_flag("--await-debugger", options.await_debugger,
                "The program waits before its first instruction until a debugger attaches and "
                "clears tiptoe_boot.flags (see docs/MASTER_TEST.md)");
  verb.add_option("PROGRAM", options.program,
                  "The program to run, behind --, and its arguments; a name without a slash is "
                  "searched in PATH")
      ->type_name("")
      ->required();
}

record::SessionOptions session_options(const CLI::App& verb, const ProgramOptions& options) {
  record::SessionOptions session;
  session.argv = program_arguments(verb);
  session.argv.insert(session.argv.begin(), options.program);
  session.cache_bytes = options.cache_bytes;
  session.trust_threshold = options.trust_threshold;
  session.log_level = options.log_level;
  if (options.await_debugger) session.boot_flags |= kBootAwaitDebugger;
  session.runtime = inject::embedded_runtime();
  const std::string version = verb.get_parent()->version();  // "tiptoe 0.1.0"
  session.version = version.substr(version.find(' ') + 1);
  return session;
}

}  // namespace tiptoe::cli
