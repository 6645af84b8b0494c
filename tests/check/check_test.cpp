// The validator finds nothing where there is nothing, and finds, names and shows what is planted.
//
// timeout: 120
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/boot.h"
#include "check/check.h"
#include "check/difference.h"
#include "inject/embedded_runtime.h"
#include "support/workshop.h"

namespace tiptoe::check {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::tiptoe::testing::Outcome;
using ::tiptoe::testing::Workshop;

// Whether the code of `run` or that of `record` is checked.
class CheckTest : public ::testing::TestWithParam<bool> {
 protected:
  Outcome check(std::vector<std::string> argv, u32 boot_flags = 0) {
    return workshop_.run([&] {
      CheckOptions options;
      options.argv = std::move(argv);
      options.as_recorded = GetParam();
      options.boot_flags = boot_flags;
      options.runtime = inject::embedded_runtime();
      return run_check(options);
    });
  }

  // A program whose one block at 0x500000 is `block`; it must go on at `behind`, and `failed` ends
  // with 1.
  std::string program_with(const std::string& block) {
    const std::string source = R"(
        .globl _start
_start: mov $3, %ebx
        lea words(%rip), %rsi
        jmp planted
behind: xor %edi, %edi
        jmp leave
failed: mov $1, %edi
leave:  mov $60, %eax
        syscall
        .data
words:  .quad 1, 2, 3, 4
        .section .planted, "ax"
planted:
)" + block + "\n";
    return workshop_.compile("planted", source,
                             "gcc -nostdlib -static -no-pie "
                             "-Wl,--section-start=.planted=0x500000 -x assembler");
  }

  void expect_planted_fault_found(const std::string& block, const std::string& what) {
    const std::string program = program_with(block);
    const Outcome sound = check({program});
    EXPECT_EQ(sound.status, 0) << sound.err;
    EXPECT_THAT(sound.err, HasSubstr("no difference"));
    const Outcome faulty = check({program}, kBootPlantFault);
    EXPECT_EQ(faulty.status, 125);
    EXPECT_THAT(faulty.err, AllOf(HasSubstr("difference after the block at 0x500000"),
                                  ContainsRegex(what), HasSubstr("0x7E57FA17")));
  }

  Workshop workshop_;
};

TEST_P(CheckTest, FindsARegisterThatWasNotWritten) {
  expect_planted_fault_found("add $0x7e57fa17, %rbx; jmp behind",
                             "rbx     native 000000007e57fa1a  translated 0000000000000003");
}

TEST_P(CheckTest, FindsAStoreThatWasNotMade) {
  expect_planted_fault_found("movl $0x7e57fa17, 8(%rsi); jmp behind",
                             "memory 0x[0-9a-f]+08  native 17 fa 57 7e  translated 02 00 00 00");
}

TEST_P(CheckTest, FindsAPathThatWasNotTaken) {
  expect_planted_fault_found("test %rbx, %rbx; cmp $0x7e57fa17, %rbx; jb behind; jmp failed",
                             "pc      native 0+40[0-9a-f]+  translated 0+40[0-9a-f]+");
}

TEST_P(CheckTest, FindsFlagsThatWereNotWritten) {
  expect_planted_fault_found("xor %eax, %eax; cmp $0x7e57fa17, %rbx; mov $1, %edx; jmp behind",
                             "flags   native 0+[0-9a-f]+  translated 0+44");
}

TEST_P(CheckTest, ShowsTheEmittedCodeOfTheBlock) {
  const Outcome outcome =
      check({program_with("add $0x7e57fa17, %rbx; inc %rbx; jmp behind")}, kBootPlantFault);
  EXPECT_THAT(outcome.err,
              ContainsRegex("500000  add rbx, 0x7E57FA17 +[0-9a-f]+  mov dword ptr gs:"));
  EXPECT_THAT(outcome.err, ContainsRegex(" [0-9a-f]+  inc rbx *\n"));
  EXPECT_THAT(outcome.err, HasSubstr("cold:"));
}

TEST_P(CheckTest, PassesDynamicPrograms) {
  for (const std::vector<std::string>& argv :
       std::vector<std::vector<std::string>>{{"/bin/true"}, {"/bin/echo", "one", "two"}}) {
    const Outcome outcome = check(argv);
    EXPECT_EQ(outcome.status, 0) << argv[0] << ": " << outcome.err;
    EXPECT_THAT(outcome.err, ContainsRegex("^tiptoe: check: [0-9]+ blocks, [0-9]+ instructions, "
                                           "no difference\n$"));
  }
}

TEST_P(CheckTest, LeavesOutputAndExitStatusToTheProgram) {
  const Outcome outcome = check({"/bin/sh", "-c", "echo out; exit 3"});
  EXPECT_EQ(outcome.status, 3) << outcome.err;
  EXPECT_EQ(outcome.out, "out\n");
}

TEST_P(CheckTest, TellsWhenAProgramIsKilledAsItWouldBeNatively) {
  const Outcome outcome = check({program_with("xor %eax, %eax; mov (%rax), %rax; jmp behind")});
  EXPECT_EQ(outcome.status, 128 + SIGSEGV);
  EXPECT_THAT(outcome.err, HasSubstr("no difference"));
}

TEST_P(CheckTest, TellsWhenAJumpToNowhereKills) {
  for (const std::string branch : {"jmp *%rax", "call *%rax"}) {
    const Outcome outcome =
        check({program_with("movabs $0x4141414141414141, %rax; inc %rbx; " + branch)});
    EXPECT_EQ(outcome.status, 128 + SIGSEGV);
    EXPECT_THAT(outcome.err, HasSubstr("no difference"));
  }
}

TEST_P(CheckTest, EndsWithAWordWhenAThreadIsStarted) {
  const char* source =
      "#include <pthread.h>\n"
      "static void* work(void* p) { return p; }\n"
      "int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); return 0; "
      "}";
  for (const std::string& program :
       {std::string(TIPTOE_TEST_PROGRAMS "/path_threads"),          // clone
        workshop_.compile("clone3", source, "gcc -O1 -static")}) {  // glibc: clone3
    const Outcome outcome = check({program});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.err,
                HasSubstr("the program starts a thread; the program goes on unchecked"));
  }
}

TEST_P(CheckTest, ProgramsThatDoNotStart) {
  EXPECT_EQ(check({"/nonexistent/program"}).status, 127);
  EXPECT_EQ(check({"/etc/passwd"}).status, 126);
}

INSTANTIATE_TEST_SUITE_P(, CheckTest, ::testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "as_recorded" : "as_run");
});

TEST(CheckCommand, IsAnOptionOfRun) {
  const Workshop workshop;
  const std::string program = TIPTOE_TEST_PROGRAMS "/path_loops";
  const Outcome checked =
      workshop.run_native({TIPTOE_COMMAND, "run", "--check", "--as-recorded", "--", program});
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.err, HasSubstr("no difference"));
  const Outcome alone =
      workshop.run_native({TIPTOE_COMMAND, "run", "--as-recorded", "--", program});
  EXPECT_EQ(alone.status, 125);
  EXPECT_THAT(alone.err, HasSubstr("--check"));
}

// --- the test programs that check themselves ---

class CheckPathTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CheckPathTest, HasNoDifference) {
  for (const bool as_recorded : {false, true}) {
    Workshop workshop;
    const Outcome outcome = workshop.run([&] {
      CheckOptions options;
      options.argv = {TIPTOE_TEST_PROGRAMS "/" + GetParam()};
      options.as_recorded = as_recorded;
      options.runtime = inject::embedded_runtime();
      return run_check(options);
    });
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("instructions, no difference\n"));
  }
}

INSTANTIATE_TEST_SUITE_P(, CheckPathTest,
                         ::testing::Values("path_call_pop", "path_call_shapes",
                                           "path_counted_branches", "path_every_register",
                                           "path_flags", "path_float", "path_fork",
                                           "path_indirect_calls", "path_indirect_flags", "path_jcc",
                                           "path_jump_tables", "path_loops", "path_mapped_code",
                                           "path_overlapping", "path_recursion", "path_red_zone",
                                           "path_rip_relative", "path_segments",
                                           "path_self_modifying_other", "path_self_modifying_same",
                                           "path_signal", "path_stack_switch", "path_strings"),
                         [](const auto& info) { return info.param.substr(5); });

// --- signal frames: edited floating-point state, and those for which there is no place ---

class CheckFramesTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CheckFramesTest, HasNoDifference) {
  const Workshop workshop;
  const std::string program = TIPTOE_TEST_PROGRAMS "/" + GetParam();
  const Outcome native = workshop.run_native({program});
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, std::vector<std::string>{"--as-recorded"}}) {
    std::vector<std::string> command{TIPTOE_COMMAND, "run", "--check"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"--", program});
    const Outcome outcome = workshop.run_native(command);
    EXPECT_EQ(outcome.status, native.status);
    EXPECT_EQ(outcome.out, native.out);
    EXPECT_THAT(outcome.err, HasSubstr("instructions, no difference\n"));
  }
}

INSTANTIATE_TEST_SUITE_P(, CheckFramesTest,
                         ::testing::Values("hazard_edited_frames", "hazard_forced_segv"),
                         [](const auto& info) { return info.param.substr(7); });

// --- all writable memory ---

// A child with one page of its own contents at an address that all children share.
class ChildWithPage {
 public:
  ChildWithPage(u8* page, u8 value) : pid_(fork()) {
    if (pid_ != 0) return;
    page[100] = value;
    raise(SIGSTOP);
    _exit(0);
  }
  ~ChildWithPage() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  ChildWithPage(const ChildWithPage&) = delete;
  pid_t pid() const { return pid_; }
  void await_stop() const { waitpid(pid_, nullptr, WUNTRACED); }

 private:
  pid_t pid_;
};

TEST(WritableMemory, AStrayByteIsFoundAndCopied) {
  auto* page = static_cast<u8*>(
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  const ChildWithPage native(page, 1), translated(page, 2);
  native.await_stop();
  translated.await_stop();
  const auto ours = ProcessMemory::of(native.pid()), theirs = ProcessMemory::of(translated.pid());
  ASSERT_TRUE(ours);
  ASSERT_TRUE(theirs);
  const Range place{reinterpret_cast<u64>(page) + 100, 1};
  const auto lines = different_memory(*ours, *theirs, {&place, 1});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("native 01  translated 02"));
  EXPECT_THAT(different_writable_memory(*ours, *theirs, 100), ::testing::Contains(lines[0]));
  EXPECT_GE(copy_differences(*theirs, *ours), 1u);
  EXPECT_THAT(different_writable_memory(*ours, *theirs, 100), IsEmpty());
  munmap(page, kPageBytes);
}

}  // namespace
}  // namespace tiptoe::check
