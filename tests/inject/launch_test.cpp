// Programs of every kind start, run to their end and give tiptoe their exit status.
#include <elf.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "support/traced.h"

namespace tiptoe::testing {
namespace {

constexpr char kHello[] = R"(
#include <stdio.h>
int main(int argc, char **argv) { printf("hello %s\n", argc > 1 ? argv[1] : ""); return argc; }
)";

// The smallest ELF file of a class and machine that execve accepts: its code is `code`.
template <class Header, class Segment>
std::string tiny_elf(u8 elf_class, u16 machine, const std::string& code) {
  constexpr u32 kBase = 0x10000;
  std::string file(sizeof(Header) + sizeof(Segment), 0);
  Header header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_entry = static_cast<decltype(header.e_entry)>(kBase + file.size());
  header.e_phoff = sizeof(Header);
  header.e_ehsize = sizeof(Header);
  header.e_phentsize = sizeof(Segment);
  header.e_phnum = 1;
  Segment segment{};
  segment.p_type = PT_LOAD;
  segment.p_vaddr = segment.p_paddr = kBase;
  segment.p_filesz = segment.p_memsz =
      static_cast<decltype(segment.p_filesz)>(file.size() + code.size());
  segment.p_flags = PF_R | PF_X;
  segment.p_align = 0x1000;
  std::memcpy(file.data(), &header, sizeof(header));
  std::memcpy(file.data() + sizeof(header), &segment, sizeof(segment));
  return file + code;
}

void become_nobody() {
  if (setuid(65534) != 0) _exit(1);
}

class Launch : public ::testing::Test {
 protected:
  void expect_native(const std::vector<std::string>& argv) {
    const Outcome native = workshop_.run_native(argv);
    const Outcome traced = run_traced(workshop_, argv);
    EXPECT_EQ(native.status, traced.status);
    EXPECT_EQ(native.out, traced.out);
    EXPECT_EQ(native.err, traced.err);
  }
  void expect_refused(const std::vector<std::string>& argv, int status, const std::string& words) {
    const Outcome traced = run_traced(workshop_, argv);
    EXPECT_EQ(traced.status, status);
    EXPECT_EQ(traced.out, "");
    EXPECT_NE(traced.err.find(words), std::string::npos) << traced.err;
    EXPECT_EQ(std::count(traced.err.begin(), traced.err.end(), '\n'), 1) << traced.err;
  }

  Workshop workshop_;
};

TEST_F(Launch, dynamic) {
  expect_native({"ls", "-l", "/usr"});
}
TEST_F(Launch, exit_status) {
  expect_native({"/bin/sh", "-c", "echo out; echo err >&2; exit 42"});
}
TEST_F(Launch, pipeline) {
  expect_native({"bash", "-c", "seq 1000 | sort -r | head -3; exit ${PIPESTATUS[0]}"});
}
TEST_F(Launch, busybox) {
  expect_native({"busybox", "sh", "-c", "echo $((6*7)); ls /"});
}
TEST_F(Launch, static_executable) {
  expect_native({workshop_.compile("hello", kHello, "gcc -static"), "static"});
}
TEST_F(Launch, static_pie) {
  expect_native({workshop_.compile("hello", kHello, "gcc -static-pie"), "static-pie"});
}
TEST_F(Launch, musl) {
  expect_native({workshop_.compile("hello", kHello, "musl-gcc"), "musl"});
  expect_native({workshop_.compile("hello", kHello, "musl-gcc -static"), "musl static"});
}
TEST_F(Launch, the_dynamic_linker_itself) {
  expect_native({"/lib64/ld-linux-x86-64.so.2", "/bin/echo", "by", "hand"});
}
TEST_F(Launch, script_with_interpreter) {
  expect_native({workshop_.write("script", "#!/bin/bash -e\necho \"$0\" \"$@\"; exit 3\n", 0755),
                 "a", "b c"});
}
TEST_F(Launch, script_whose_interpreter_is_a_script) {
  const std::string outer = workshop_.write("outer", "#!/bin/sh\necho \"$@\"\n", 0755);
  expect_native({workshop_.write("inner", "#!" + outer + " x\n", 0755), "y"});
}
TEST_F(Launch, script_without_interpreter) {
  expect_native({workshop_.write("script", "echo plain $1; exit 5\n", 0755), "text"});
}
TEST_F(Launch, arguments_arrive_as_they_are) {
  expect_native({"printf", "<%s>", "", "--", "-o", "[a,b]", "sp ace", "\n", "\xff"});
}

TEST_F(Launch, death_by_signal) {
  for (int signal : {SIGKILL, SIGSEGV, SIGTERM, SIGINT, SIGABRT}) {
    const Outcome traced =
        run_traced(workshop_, {"/bin/sh", "-c", "kill -" + std::to_string(signal) + " $$"});
    EXPECT_EQ(traced.status, 128 + signal);
    EXPECT_EQ(traced.err, "");
  }
}

TEST_F(Launch, no_such_program) {
  expect_refused({"tiptoe-no-such-program"}, 127, "No such file");
  expect_refused({"/tiptoe/no/such/program"}, 127, "No such file");
  expect_refused({""}, 127, "No such file");
}
TEST_F(Launch, not_executable) {
  expect_refused({workshop_.write("data", "x")}, 126, "Permission denied");
  expect_refused({"/tmp"}, 126, "Permission denied");
  expect_refused({"/etc/passwd/x"}, 126, "Not a directory");
}
TEST_F(Launch, missing_interpreter) {
  expect_refused({workshop_.write("script", "#!/no/such/interpreter\n", 0755)}, 127, "interpreter");
}
TEST_F(Launch, another_machine) {
  expect_refused(
      {workshop_.write("arm", tiny_elf<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, EM_AARCH64, ""), 0755)},
      126, "not a program for this machine");
}
TEST_F(Launch, a_damaged_executable) {
  expect_refused({workshop_.write("cut",
                                  "\x7f"
                                  "ELF",
                                  0755)},
                 126, "not a program for this machine");
}

TEST_F(Launch, a_32_bit_program_runs_untraced) {
  const std::string exit_33("\xb8\x01\x00\x00\x00\xbb\x21\x00\x00\x00\xcd\x80", 12);  // int 0x80
  const std::string program =
      workshop_.write("tiny", tiny_elf<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, EM_386, exit_33), 0755);
  if (workshop_.run_native({program}).status != 33) GTEST_SKIP() << "no 32-bit programs here";
  const Outcome traced = run_traced(workshop_, {program});
  EXPECT_EQ(traced.status, 33);
  EXPECT_NE(traced.err.find("runs untraced: it is not a 64-bit x86 program"), std::string::npos);
}

TEST_F(Launch, a_set_user_id_program_runs_untraced_with_its_privileges) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to make one and then not to be root";
  const std::string program = workshop_.compile("who", R"(
#include <stdio.h>
#include <unistd.h>
int main() { printf("%d %d\n", getuid(), geteuid()); })");
  chmod(program.c_str(), 04755);
  chmod(workshop_.path("").c_str(), 0777);
  const Outcome traced = run_traced(workshop_, {program}, preparing(become_nobody));
  EXPECT_EQ(traced.out, "65534 0\n");
  EXPECT_NE(traced.err.find("it gains privileges"), std::string::npos) << traced.err;
}

TEST_F(Launch, ordinary_users_can_trace) {
  if (geteuid() != 0) GTEST_SKIP() << "is one already";
  const Outcome traced = run_traced(workshop_, {"/usr/bin/id", "-u"}, preparing(become_nobody));
  EXPECT_EQ(traced.out, "65534\n");
  EXPECT_EQ(traced.err, "");
}

}  // namespace
}  // namespace tiptoe::testing
