// Real programs, as they are: under `tiptoe run` and under `tiptoe record` their standard output,
// their standard error and their exit status are what they are natively.
//
// timeout: 150
#include <gtest/gtest.h>

#include <filesystem>

#include "integration/child.h"

namespace tiptoe::test {
namespace {

struct RealProgram {
  const char* name;
  Command command;
  // It has a process that cannot be followed, which tiptoe tells on standard error.
  bool partly_followed = false;
};

// For GoogleTest's messages.
void PrintTo(const RealProgram& program, std::ostream* out) {
  for (const std::string& word : program.command) *out << word << ' ';
}

Command shell(const char* script) {
  return {"bash", "-c", script};
}

Command own(const char* program) {
  return {std::string(TIPTOE_TEST_PROGRAMS "/") + program};
}

// Each runs in a folder that holds `numbers`, a text of 200000 lines, and `prime.c`.
const std::vector<RealProgram>& real_programs() {
  static const std::vector<RealProgram> programs{
      {"true_", {"true"}},
      {"ls", {"ls", "-la", "/usr/bin"}},
      {"ls_failing", {"ls", "/nonexistent/folder"}},
      {"bash_pipes",
       shell("for i in $(seq 60); do echo \"$i $((i * i % 17))\"; done | sort -k2n -k1n | "
             "awk '{s += $1 * NR} END {print s}' | tee /dev/stderr | tr 0-9 a-j; "
             "x=$(cat <(echo one) <(echo two) | wc -l); (exit 9) || echo \"sub $? $x\"; exit 3")},
      {"bash_trap", shell("trap 'echo got usr1' USR1; kill -USR1 $$; sleep 0.05 & wait; "
                          "trap 'echo leaving' EXIT; kill -TERM $$")},
      {"perl",
       {"perl", "-e",
        "my %h; while (<>) { $h{$1}++ if /^(\\d\\d)/ } "
        "print join(',', map { \"$_=$h{$_}\" } sort keys %h), \"\\n\"; "
        "print scalar(grep { fork ? (wait, $? >> 8 == $_)[1] : exit $_ } 1 .. 5), \"\\n\"; "
        "warn \"done\\n\"; exit 5",
        "numbers"}},
      {"python3",
       {"python3", "-c",
        "import subprocess, threading, json, re, sys, zlib\n"
        "results = {}\n"
        "def work(n):\n"
        "    results[n] = sum(i * i for i in range(20000)) + n\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(json.dumps(results, sort_keys=True))\n"
        "print(subprocess.run(['sort', '-rn'], input=b'1\\n10\\n9\\n', "
        "capture_output=True).stdout)\n"
        "print(subprocess.check_output('echo $((6*7)); exit 0', shell=True))\n"
        "text = open('numbers').read()\n"
        "print(zlib.crc32(text.encode()), len(re.findall('9+', text)))\n"
        "try: {}['missing']\n"
        "except KeyError as error: print(repr(error))\n"
        "sys.exit(6)"}},
      {"sqlite3",
       {"sqlite3", ":memory:",
        "create table t(a integer primary key, b text);"
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) "
        "insert into t select i, printf('%05d', i * 7919 % 5003) from n;"
        "create index tb on t(b);"
        "select count(*), sum(a), min(b), max(b) from t where b between '01000' and '03000';"
        "select a, b from t order by b desc limit 5;"
        "select nonsense;"}},
      {"gcc", shell("gcc -O2 prime.c -o prime && ./prime; echo $?; gcc -c nonexistent.c")},
      {"xz", shell("xz -T2 -3 --block-size=300KiB -c numbers > n.xz; sha256sum < n.xz; "
                   "xz -T2 -dc n.xz | cmp - numbers && echo same; xz -t numbers")},
      {"openssl", shell("openssl dgst -sha256 numbers; openssl dgst -md5 numbers; "
                        "openssl enc -aes-256-cbc -pbkdf2 -S 0011223344556677 -pass pass:x "
                        "-in numbers | openssl dgst -sha512; openssl nonsense")},
      {"gdb",
       {"gdb", "--batch", "-nx", "-ex", "info line main", "-ex", "disassemble main", "-ex",
        "print 6 * 7", "-ex", "python print(sum(range(10)))", TIPTOE_TEST_PROGRAMS "/throws"}},
      {"gdb_running",
       shell("gdb --batch -nx -ex 'break done' -ex run -ex 'print $ebx' -ex continue "
             "'" TIPTOE_TEST_PROGRAMS "/path_loops' 2>&1 | sed 's/process [0-9]*/process N/'"),
       true},
      {"exceptions", own("throws")},
      {"go", own("goroutines")},
      {"busybox_static",
       {"busybox", "sh", "-c",
        "busybox seq 1 300 | busybox sort -r | busybox md5sum; busybox head -c 20000 numbers | "
        "busybox gzip -c | busybox gzip -dc | busybox tail -n 1; exit 7"}},
      {"musl", own("hello_musl")},
      {"musl_static", own("hello_musl_static")},
      {"lua",
       {"lua5.4", "-e",
        "local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 20011 end table.sort(t) "
        "print(t[1], t[10000], pcall(error, 'x')) "
        "local c = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) "
        "print(c(), c(), c(), ('x'):rep(5)) os.exit(8)"}},
      {"script", {"./script", "a", "b c"}},
      {"death_by_signal", shell("kill -SEGV $$")},
  };
  return programs;
}

std::string without_notes(const std::string& text) {
  std::string rest;
  for (const std::string& line : lines_of(text)) {
    if (!line.starts_with("tiptoe: process ")) rest += line + "\n";
  }
  return rest;
}

class RealProgramTest : public testing::TestWithParam<RealProgram> {
 protected:
  // Runs in a fresh folder each time, so that no run sees what another has left.
  static Outcome run_with(Command prefix) {
    TemporaryFolder folder;
    std::string numbers;
    for (int i = 1; i <= 200000; ++i) numbers += std::to_string(i * 7919LL % 1000003) + "\n";
    write_file(folder / "numbers", numbers);
    write_file(folder / "prime.c",
               "#include <stdio.h>\n"
               "int main(void) { int n = 0; for (int i = 2; i < 20000; ++i) { int p = 1;\n"
               "  for (int j = 2; j * j <= i; ++j) if (i % j == 0) { p = 0; break; }\n"
               "  n += p; } printf(\"%d primes\\n\", n); return n % 100; }\n");
    write_file(folder / "script", "#!/bin/sh\necho \"$# $2\"\nls /nonexistent; exit 4\n");
    std::filesystem::permissions(folder / "script", std::filesystem::perms::owner_all);
    const Command& command = GetParam().command;
    prefix.insert(prefix.end(), command.begin(), command.end());
    return run(prefix, folder.path());
  }

  static void expect_as_native(const Outcome& native, const Outcome& traced) {
    ASSERT_GE(native.status, 0) << "the native run took too long";
    EXPECT_EQ(traced.status, native.status);
    EXPECT_EQ(traced.out, native.out);
    EXPECT_EQ(GetParam().partly_followed ? without_notes(traced.err) : traced.err, native.err);
  }
};

TEST_P(RealProgramTest, RunsAsNative) {
  const Outcome native = run_with({});
  expect_as_native(native, run_with({TIPTOE_COMMAND, "run", "--"}));
}

TEST_P(RealProgramTest, RecordsAsNative) {
  TemporaryFolder folder;
  const Outcome native = run_with({});
  Outcome traced = run_with({TIPTOE_COMMAND, "record", "-o", folder / "trace", "--"});
  traced.err = without_summary(traced.err);
  expect_as_native(native, traced);
  EXPECT_EQ(run({TIPTOE_COMMAND, "info", folder / "trace"}).status, 0);
}

// Guards the comparison itself: two native runs are the same, or the cases above mean nothing.
TEST_P(RealProgramTest, IsDeterministic) {
  expect_as_native(run_with({}), run_with({}));
}

INSTANTIATE_TEST_SUITE_P(, RealProgramTest, testing::ValuesIn(real_programs()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tiptoe::test
