// Core dumps: what gdb says of a program that died under Tiptoe is what it says of one that died
// natively: signal and its details, registers, the instruction, the calls.
//
// timeout: 120
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "integration/as_native.h"

namespace tiptoe::test {
namespace {

class CoreTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (read_file("/proc/sys/kernel/core_pattern") != "core\n") {
      GTEST_SKIP() << "this machine does not leave cores in the folder of the program";
    }
  }

  // Addresses are not random, so that they can be compared.
  static std::string autopsy(const Command& prefix) {
    TemporaryFolder folder;
    const Command run_it{"setarch", "-R", "prlimit", "--core=unlimited"};
    const std::string program = TIPTOE_TEST_PROGRAMS "/crash";
    const Outcome died =
        test::run(joined(joined(prefix, run_it), {program, GetParam()}), folder.path());
    EXPECT_GT(died.status, 128);
    std::string core;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().filename().string().starts_with("core")) core = entry.path();
    }
    EXPECT_NE(core, "") << "no core was left";
    const Outcome gdb = test::run(
        {"gdb", "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "backtrace", "-ex",
         "info registers", "-ex", "x/2i $pc", "-ex", "print $_siginfo.si_signo", "-ex",
         "print $_siginfo.si_code", "-ex", "print $_siginfo._sifields._sigfault", program, core});
    return without_numbers_of_processes(gdb.out);
  }

 private:
  // Process numbers stand in registers, too, when somebody has sent the signal.
  static std::string without_numbers_of_processes(const std::string& text) {
    std::string out = std::regex_replace(text, std::regex("LWP [0-9]+"), "LWP");
    if (GetParam() != "abort" && GetParam() != "quit" && GetParam() != "segv") return out;
    out = std::regex_replace(out, std::regex("(rbx|rsi|rdi|rdx) +0x.*"), "$1");
    return std::regex_replace(out, std::regex("si_addr = 0x[0-9a-f]+"), "si_addr");
  }
};

TEST_P(CoreTest, ShowsTheProgram) {
  const std::string native = autopsy({});
  EXPECT_NE(native.find("middle"), std::string::npos) << native;
  EXPECT_EQ(autopsy(tiptoe("run")), native);
  EXPECT_EQ(autopsy(tiptoe("record", {"-o", "trace"})), native);
}

INSTANTIATE_TEST_SUITE_P(, CoreTest,
                         testing::Values("load", "divide", "ud2", "int3", "abort", "quit", "segv",
                                         "jump", "blocked", "ignored"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tiptoe::test
