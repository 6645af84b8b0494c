#include "check/check.h"

#include <elf.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "bridge/boot.h"
#include "check/lock_step.h"
#include "inject/inject.h"
#include "record/futex.h"
#include "record/session.h"

namespace tiptoe::check {
namespace {

constexpr int kPollMs = 20;

void say(const std::string& line) {
  std::fprintf(stderr, "tiptoe: check: %s\n", line.c_str());
}

int fail(const std::string& line, int status = record::kExitFailed) {
  say(line);
  return status;
}

// In a process stopped at its exec: the vdso's functions read clocks that no two processes read
// alike, so the program gets the system calls instead.
Status hide_vdso(pid_t pid, u64 stack_pointer) {
  Expected<ProcessMemory> memory = ProcessMemory::of(pid);
  if (!memory) return memory.error();
  const auto word = [&](u64 address) {
    u64 value = 0;
    memory->read(address, {reinterpret_cast<u8*>(&value), sizeof value});
    return value;
  };
  u64 at = stack_pointer + 8 * (word(stack_pointer) + 2);  // behind argc, argv and its null
  while (word(at) != 0) at += 8;                           // the environment
  for (at += 8; word(at) != AT_NULL; at += 16) {
    if (word(at) != AT_SYSINFO_EHDR) continue;
    const u64 ignore = AT_IGNORE;
    memory->write(at, {reinterpret_cast<const u8*>(&ignore), sizeof ignore});
  }
  return {};
}

class Session {
 public:
  Session(pid_t program, const CheckMailbox& mailbox, LockStep lock_step)
      : pid_(program), box_(const_cast<CheckMailbox&>(mailbox)), lock_step_(std::move(lock_step)) {}

  int run();

 private:
  bool wait_for_post();
  bool has_ended();
  void acknowledge();
  int report();
  int await_end();
  int exit_status() const {
    return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  }

  std::atomic_ref<u32> state() const { return std::atomic_ref<u32>(box_.state); }

  pid_t pid_;
  CheckMailbox& box_;
  LockStep lock_step_;
  bool ended_ = false;
  int status_ = 0;
};

int Session::run() {
  bool in_step = true;
  while (in_step && wait_for_post()) {
    in_step = lock_step_.follow(box_);
    if (in_step) acknowledge();
  }
  return report();
}

// False when the program has ended, or has become another.
bool Session::wait_for_post() {
  while (state().load(std::memory_order_acquire) == kCheckIdle) {
    if (has_ended()) return false;
    record::futex_wait(box_.state, kCheckIdle, kPollMs);
  }
  return true;
}

bool Session::has_ended() {
  return ended_ = ended_ || waitpid(pid_, &status_, WNOHANG) == pid_;
}

void Session::acknowledge() {
  state().store(kCheckIdle, std::memory_order_release);
  record::futex_wake_all(box_.state);
}

int Session::report() {
  if (!lock_step_.difference().empty()) {
    for (const std::string& line : lock_step_.difference()) say(line);
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
    return record::kExitFailed;
  }
  const std::string counts = std::to_string(lock_step_.blocks()) + " blocks, " +
                             std::to_string(lock_step_.instructions()) +
                             " instructions, no difference";
  if (lock_step_.reason().empty()) {
    const std::string exec =
        lock_step_.about_to_exec() ? " until the program became another (execve)" : "";
    say(counts + exec);
    return exit_status();
  }
  say(counts + " until here: " + lock_step_.reason() + "; the program goes on unchecked");
  return await_end();
}

int Session::await_end() {
  std::atomic_ref<u32>(box_.active).store(0, std::memory_order_release);
  acknowledge();
  while (!ended_ && waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  return exit_status();
}

Expected<pid_t> launch_program(const inject::Command& command,
                               const inject::InheritedState& inherited, int& exec_error) {
  const inject::Launched launched = inject::launch(command, inherited, true);
  if (launched.outcome == inject::LaunchOutcome::kNotStarted) exec_error = launched.error;
  if (launched.outcome != inject::LaunchOutcome::kAtExec) {
    return Error{command.argv.front() + ": " + strerror(launched.error)};
  }
  if (const auto reason = inject::reason_not_to_inject(launched.pid, std::nullopt)) {
    kill(launched.pid, SIGKILL);
    waitpid(launched.pid, nullptr, __WALL);
    return Error{command.argv.front() + ": cannot be checked: " + *reason};
  }
  user_regs_struct registers;
  ptrace(PTRACE_GETREGS, launched.pid, 0, &registers);
  if (Status status = hide_vdso(launched.pid, registers.rsp); !status) return status.error();
  return launched.pid;
}

inject::InjectOptions inject_options(const CheckOptions& options) {
  inject::InjectOptions result;
  result.segment.recorder_pid = getpid();
  if (options.as_recorded) result.segment.control_flags = kControlRecording;
  result.cache_bytes = options.cache_bytes;
  result.trust_threshold = options.trust_threshold;
  result.log_level = options.log_level;
  result.boot_flags = options.boot_flags | kBootCheck;
  return result;
}

// As a person starts it: the terminal's signals end the program, and we tell.
void leave_terminal_signals_to_the_program() {
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
}

int check_launched(const CheckOptions& options, const inject::RuntimeImage& image, pid_t pid,
                   Twin twin) {
  Expected<inject::Injected> injected = inject::inject_at_exec(pid, image, inject_options(options));
  if (!injected) return fail(injected.error().message);
  Expected<inject::SegmentMapping> segment =
      inject::SegmentMapping::map(injected->segment.get(), kPageBytes);
  if (!segment) return fail(segment.error().message);
  Expected<ProcessMemory> program = ProcessMemory::of(pid);
  if (!program) return fail(program.error().message);
  twin.set_registers(injected->tracee.initial_registers());
  copy_differences(*program, twin.memory());

  auto& box = *reinterpret_cast<CheckMailbox*>(reinterpret_cast<u8*>(&segment->control()) +
                                               kCheckMailboxOffset);
  box.checker_pid = getpid();
  box.active = 1;
  leave_terminal_signals_to_the_program();
  if (Status status = injected->tracee.give_back(injected->entry); !status) {
    return fail(status.error().message);
  }
  return Session(pid, box, LockStep(std::move(twin), std::move(*program))).run();
}

}  // namespace

int run_check(const CheckOptions& options) {
  const inject::FoundProgram found = inject::find_program(options.argv.front());
  if (found.error != 0) {
    return fail(options.argv.front() + ": " + strerror(found.error),
                found.error == ENOENT ? record::kExitNotFound : record::kExitNotExecutable);
  }
  if (inject::gains_privileges(found.path)) {
    return fail(options.argv.front() + ": cannot be checked: it gains privileges when started");
  }
  const Expected<inject::RuntimeImage> image = inject::RuntimeImage::parse(options.runtime);
  if (!image) return fail(image.error().message);
  // Both shall have all things at the same addresses.
  personality(static_cast<unsigned long>(personality(0xffffffff)) | ADDR_NO_RANDOMIZE);
  prctl(PR_SET_DUMPABLE, 1);
  const inject::Command command{found.path, options.argv};
  const inject::InheritedState inherited = inject::InheritedState::current();
  int exec_error = 0;
  const Expected<pid_t> pid = launch_program(command, inherited, exec_error);
  if (!pid) {
    return fail(pid.error().message,
                exec_error != 0 ? record::kExitNotExecutable : record::kExitFailed);
  }
  Expected<Twin> twin = Twin::start(command, inherited);
  if (!twin) {
    kill(*pid, SIGKILL);
    return fail(twin.error().message);
  }
  return check_launched(options, *image, *pid, std::move(*twin));
}

}  // namespace tiptoe::check
