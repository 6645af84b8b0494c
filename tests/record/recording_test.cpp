// What the fake runtime records is in the trace file, whatever happens to the program meanwhile.
// hazard: 6.14
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "support/traced.h"
#include "trace/flow_reader.h"
#include "trace/program.h"
#include "trace/reader.h"

namespace tiptoe::testing {
namespace {

struct Recorded {
  explicit Recorded(const std::string& path)
      : reader(std::move(*trace::Reader::open(path))), program(trace::Program::load(reader)) {}

  u64 words_of(const trace::Stream& stream) const {
    trace::FlowReader flow(reader, stream);
    trace::FlowChunk chunk;
    u64 words = 0;
    while (flow.next(chunk)) {
      EXPECT_EQ(chunk.missing_before, 0u);
      words += chunk.words.size();
    }
    return words;
  }
  std::vector<u64> words() const {
    std::vector<u64> counts;
    for (const trace::Stream& stream : program.streams) counts.push_back(words_of(stream));
    return counts;
  }

  trace::Reader reader;
  trace::Program program;
};

class Recording : public ::testing::Test {
 protected:
  Outcome record(const std::vector<std::string>& argv, u32 parts) {
    TracedOptions options;
    options.parts = parts;
    options.output = trace_;
    return run_traced(workshop_, argv, options);
  }
  Recorded recorded() const {
    Recorded result(trace_);
    EXPECT_TRUE(result.reader.integrity().ok());
    EXPECT_TRUE(result.program.problems.problems.empty());
    return result;
  }

  Workshop workshop_;
  std::string trace_ = workshop_.path("trace");
};

TEST_F(Recording, a_few_words_in_an_unsealed_chunk) {
  const Outcome outcome = record({"/bin/echo", "hi"}, kPartRecord);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "hi\n");
  EXPECT_TRUE(outcome.err.starts_with("tiptoe: 4.0 kB of control flow, 1 thread, 1 process, "));
  const Recorded trace = recorded();
  EXPECT_EQ(trace.words(), std::vector<u64>{kFewWords});
  EXPECT_EQ(trace.reader.end()->reason, trace::EndReason::kProgramEnded);
  ASSERT_EQ(trace.program.images.size(), 1u);
  EXPECT_EQ(trace.program.images[0].info.argv, (std::vector<std::string>{"/bin/echo", "hi"}));
  EXPECT_EQ(trace.program.session.argv, (std::vector<std::string>{"/bin/echo", "hi"}));
  ASSERT_EQ(trace.program.images[0].processes.size(), 1u);
  EXPECT_EQ(trace.program.images[0].processes[0].wait_status, 0);
  struct stat info;
  ASSERT_EQ(stat(trace_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Recording, many_chunks_in_order) {
  const Outcome outcome = record({"/bin/true"}, kPartRecord | kPartRecordMuch);
  EXPECT_TRUE(outcome.err.starts_with("tiptoe: 40.0 MB of control flow")) << outcome.err;
  EXPECT_EQ(recorded().words(), std::vector<u64>{kMuchWords});
}

TEST_F(Recording, a_program_faster_than_the_disk_waits_and_loses_nothing) {
  const Outcome outcome = record({"/bin/true"}, kPartRecord | kPartRecordMuch | kPartNoise);
  EXPECT_EQ(outcome.err.find("dropped"), std::string::npos) << outcome.err;
  EXPECT_EQ(recorded().words(), std::vector<u64>{kMuchWords});
}

TEST_F(Recording, a_killed_program_keeps_what_it_recorded) {
  const Outcome outcome = record({"/bin/true"}, kPartRecord | kPartRecordMuch | kPartKill);
  EXPECT_EQ(outcome.status, 128 + 9);
  EXPECT_EQ(recorded().words(), std::vector<u64>{kMuchWords});
}

TEST_F(Recording, a_forked_child_has_its_own_stream) {
  record({"/bin/true"}, kPartRecord | kPartFork);
  const Recorded trace = recorded();
  EXPECT_EQ(trace.words(), (std::vector<u64>{kFewWords, 1000}));
  ASSERT_EQ(trace.program.images.size(), 1u);
  EXPECT_EQ(trace.program.images[0].processes.size(), 2u);
}

TEST_F(Recording, each_execve_is_followed_into_a_new_image) {
  const Outcome outcome =
      record({"/bin/echo", "/bin/echo", "/bin/echo", "end"}, kPartRecord | kPartExec);
  EXPECT_EQ(outcome.out, "end\n");
  EXPECT_EQ(outcome.status, 0);
  const Recorded trace = recorded();
  EXPECT_EQ(trace.words(), (std::vector<u64>(3, kFewWords)));
  ASSERT_EQ(trace.program.images.size(), 3u);
  EXPECT_EQ(trace.program.images[2].info.argv, (std::vector<std::string>{"/bin/echo", "end"}));
}

TEST_F(Recording, a_failed_execve_changes_nothing) {
  const Outcome outcome = record({"/bin/echo", "/no/such/program"}, kPartRecord | kPartExec);
  EXPECT_EQ(outcome.out, "/no/such/program\n");
  EXPECT_EQ(recorded().program.images.size(), 1u);
}

TEST_F(Recording, execve_works_hundreds_of_times) {
  std::vector<std::string> argv(300, "/bin/echo");
  argv.push_back("end");
  const Outcome outcome = record(argv, kPartRecord | kPartExec);
  EXPECT_EQ(outcome.out, "end\n");
  EXPECT_EQ(recorded().program.images.size(), 300u);
}

TEST_F(Recording, a_program_under_its_own_seccomp_filter_runs_untraced) {
  const Outcome outcome =
      record({"/bin/echo", "/bin/echo", "end"}, kPartRecord | kPartExec | kPartSeccomp);
  EXPECT_EQ(outcome.out, "end\n");
  EXPECT_NE(outcome.err.find("runs untraced: it runs under a seccomp filter"), std::string::npos);
  EXPECT_EQ(recorded().program.images.size(), 1u);
}

TEST_F(Recording, an_older_trace_is_kept_and_a_mistyped_name_touches_none) {
  record({"/bin/true"}, kPartRecord);
  EXPECT_EQ(record({"/no/such/program"}, kPartRecord).status, 127);
  EXPECT_FALSE(std::filesystem::exists(trace_ + ".old"));
  record({"/bin/true"}, kPartRecord);
  EXPECT_TRUE(std::filesystem::exists(trace_ + ".old"));
}

TEST_F(Recording, an_unwritable_output_is_told_before_the_program_runs) {
  trace_ = workshop_.path("no/such/folder/trace");
  const Outcome outcome = record({"/bin/echo", "must not be printed"}, kPartRecord);
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

// The program has it removed, so that it happens while it is recorded.
TEST_F(Recording, a_folder_that_is_removed_is_told_of) {
  const std::string folder = workshop_.path("folder");
  std::filesystem::create_directories(folder + "/inner");
  trace_ = folder + "/inner/trace";
  const Outcome outcome =
      record({"/bin/sh", "-c", "rm -r " + folder + "; echo done; exit 4"}, kPartRecord);
  EXPECT_EQ(outcome.out, "done\n");
  EXPECT_EQ(outcome.status, 4);
  EXPECT_NE(outcome.err.find("inner/trace was removed or renamed"), std::string::npos)
      << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Recording, a_trace_that_is_renamed_is_told_of_and_whole) {
  const std::string other = workshop_.path("other");
  const Outcome outcome =
      record({"/bin/sh", "-c", "mv " + trace_ + " " + other + "; exit 4"}, kPartRecord);
  EXPECT_EQ(outcome.status, 4);
  EXPECT_NE(outcome.err.find("was removed or renamed"), std::string::npos) << outcome.err;
  trace_ = other;
  recorded();
}

TEST_F(Recording, a_full_disk_ends_the_trace_but_not_the_program) {
  const std::string disk = workshop_.path("disk");
  std::filesystem::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "cannot mount here";
  trace_ = disk + "/trace";
  const Outcome outcome =
      record({"/bin/sh", "-c", "echo done; exit 4"}, kPartRecord | kPartRecordMuch | kPartNoise);
  EXPECT_EQ(outcome.out, "done\n");
  EXPECT_EQ(outcome.status, 4);
  EXPECT_NE(outcome.err.find("cannot be written any further"), std::string::npos) << outcome.err;
  {
    const Recorded trace(trace_);
    ASSERT_TRUE(trace.reader.end());
    EXPECT_EQ(trace.reader.end()->reason, trace::EndReason::kDiskFull);
    ASSERT_EQ(trace.words().size(), 1u);
    EXPECT_GT(trace.words()[0], 0u);
    EXPECT_GT(trace.reader.end()->totals.dropped_words, 0u);
  }
  umount(disk.c_str());
}

}  // namespace
}  // namespace tiptoe::testing
