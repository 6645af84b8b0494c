#include "integration/paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

namespace tiptoe::test {
namespace {

constexpr size_t kSurroundings = 4;  // lines shown before and after a difference

size_t common_prefix(const Path& a, const Path& b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                             a.begin());
}

void show(std::ostream& text, const char* name, const Path& path, size_t at) {
  text << "  " << name << " (" << path.size() << " lines):";
  const size_t from = at < kSurroundings ? 0 : at - kSurroundings;
  for (size_t i = from; i < std::min(path.size(), at + kSurroundings); ++i) {
    text << (i == at ? " >" : " ") << path[i];
  }
  text << (at >= path.size() ? " >end\n" : "\n");
}

// Takes out of both what is equal.
void remove_equal(std::vector<Path>& stepped, std::vector<Path>& traced) {
  for (auto it = stepped.begin(); it != stepped.end();) {
    const auto same = std::find(traced.begin(), traced.end(), *it);
    if (same == traced.end()) {
      ++it;
    } else {
      traced.erase(same);
      it = stepped.erase(it);
    }
  }
}

}  // namespace

std::vector<Path> stepped_paths(const Command& program, int status) {
  TemporaryFolder folder;
  Command command{TIPTOE_TEST_TOOLS "/stepper", folder.path()};
  command.insert(command.end(), program.begin(), program.end());
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.status, status) << "under the stepper: " << outcome.err;
  std::vector<Path> paths;
  for (int i = 0; std::filesystem::exists(folder / std::to_string(i)); ++i) {
    paths.push_back(lines_of(read_file(folder / std::to_string(i))));
  }
  return paths;
}

Outcome record(const std::string& trace, const Command& program) {
  Command command{"setarch", "-R", TIPTOE_COMMAND, "record", "-o", trace, "--"};
  command.insert(command.end(), program.begin(), program.end());
  return run(command);
}

std::vector<Path> traced_paths(const std::string& trace) {
  const Outcome info = run({TIPTOE_COMMAND, "info", "--json", trace});
  EXPECT_EQ(info.status, 0) << info.err;
  const auto facts = nlohmann::json::parse(info.out, nullptr, false);
  if (!facts.is_object() || !facts.contains("threads")) {
    ADD_FAILURE() << "info --json lists no threads: " << info.out;
    return {};
  }
  std::vector<Path> paths;
  for (const auto& thread : facts["threads"]) {
    const std::string id = thread["image"].dump() + "." + thread["stream"].dump();
    const Outcome path = run({TIPTOE_COMMAND, "path", "--raw", "--thread", id, trace});
    EXPECT_EQ(path.status, 0) << "path of thread " << id << ": " << path.err;
    paths.push_back(lines_of(path.out));
  }
  return paths;
}

Path traced_path(const std::string& trace) {
  const Outcome path = run({TIPTOE_COMMAND, "path", "--raw", trace});
  EXPECT_EQ(path.status, 0) << path.err;
  return path.status == 0 ? lines_of(path.out) : Path{};
}

std::optional<std::string> difference(std::vector<Path> stepped, std::vector<Path> traced) {
  std::ostringstream text;
  if (stepped.size() != traced.size()) {
    text << stepped.size() << " tasks were stepped, " << traced.size() << " threads are traced\n";
  }
  remove_equal(stepped, traced);
  for (const Path& wanted : stepped) {
    // The one that goes along longest is most likely the same thread.
    const auto nearest =
        std::max_element(traced.begin(), traced.end(), [&](const Path& a, const Path& b) {
          return common_prefix(wanted, a) < common_prefix(wanted, b);
        });
    const Path nothing;
    const Path& got = nearest == traced.end() ? nothing : *nearest;
    const size_t at = common_prefix(wanted, got);
    text << "paths part at line " << at + 1 << ":\n";
    show(text, "stepped", wanted, at);
    show(text, "traced", got, at);
  }
  if (stepped.empty() && !traced.empty()) text << "there are threads that nobody stepped\n";
  if (text.str().empty()) return std::nullopt;
  return text.str();
}

}  // namespace tiptoe::test
