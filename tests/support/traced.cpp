#include "traced.h"

#include "record/session.h"

namespace tiptoe::testing {

int become_tiptoe(const std::vector<std::string>& argv, const TracedOptions& options) {
  record::SessionOptions session;
  session.argv = argv;
  session.runtime = fake_runtime();
  session.log_level = options.parts;
  session.version = "test";
  if (!options.output.empty()) session.output = options.output;
  options.prepare();
  return record::run_session(session);
}

Outcome run_traced(const Workshop& workshop, const std::vector<std::string>& argv,
                   const TracedOptions& options) {
  fake_runtime();  // compiled here, once, not in each child
  return workshop.run([&] { return become_tiptoe(argv, options); });
}

}  // namespace tiptoe::testing
