#include "record/warden.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "bridge/boot.h"
#include "inject/process_facts.h"
#include "inject/tracee.h"
#include "record/descriptors.h"
#include "record/doorbells.h"
#include "record/exec_service.h"
#include "record/warden_messages.h"

namespace tiptoe::record {
namespace {

constexpr int kContinueAgainMs = 20;

// Sleeps on the doorbells and tells the warden's loop, which waits for descriptors.
class BellRinger {
 public:
  explicit BellRinger(int event_fd) : event_fd_(event_fd), thread_([this] { run(); }) {}
  BellRinger(const BellRinger&) = delete;
  ~BellRinger() {
    std::atomic_ref(stopping_).store(true);
    bells_.wake();
    thread_.join();
  }

  Doorbells& bells() { return bells_; }

 private:
  void run() {
    while (!std::atomic_ref(stopping_).load()) {
      const Doorbells::Seen seen = bells_.seen();
      eventfd_write(event_fd_, 1);
      bells_.wait(seen);
    }
  }

  int event_fd_;
  bool stopping_ = false;
  Doorbells bells_;
  std::thread thread_;
};

// What children's statuses need: an inherited SIG_IGN would make them vanish.
sigset_t block_sigchld() {
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &plain, nullptr);
  sigset_t chld;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, nullptr);
  return chld;
}

class Warden {
 public:
  Warden(const WardenOptions& options, const inject::RuntimeImage& image, int socket)
      : options_(options),
        image_(image),
        socket_(socket),
        chld_(block_sigchld()),
        execs_([this](pid_t pid, const ExecService::Attached& from) { on_exec(pid, from); },
               [this](const std::string& text) { notice(text); }) {}

  int run();

 private:
  bool start();
  void leave_the_program_alone();
  void loop();
  bool done() const { return !main_alive_ && recorder_gone_ && execs_.idle(); }

  void wait_for_event(bool may_be_bell);
  void reap();
  void look_for_continued_main();
  void on_main_report(int wait_status);
  void read_messages();
  void on_message(const Message& message);
  void on_exec(pid_t pid, const ExecService::Attached& from);
  void trace_image(pid_t pid, const ExecService::Attached* from);
  void on_untraced(pid_t pid, const std::string& reason);
  void hand_over(inject::Injected& injected, u32 parent_image, u32 parent_process);
  void await_held(u32 image);
  void continue_main();
  void on_recorder_gone();
  void notice(const std::string& text);
  void send(const Message& message, int fd = -1);

  const WardenOptions& options_;
  const inject::RuntimeImage& image_;
  int socket_;
  sigset_t chld_;
  UniqueFd signals_;
  UniqueFd bell_event_;
  ExecService execs_;
  std::unique_ptr<BellRinger> bells_;
  pid_t main_ = -1;
  bool main_alive_ = false;
  bool main_continued_ = false;  // since it was last stopped
  u32 unanswered_stops_ = 0;     // the recorder has been told, and has not been continued
  bool lost_at_start_ = false;   // the program was killed before it was handed over
  bool recorder_gone_ = false;
  u32 last_image_ = 0;
  u32 last_held_ = 0;
  bool aborted_ = false;
};

// Once the program has been forked: from here on nothing of the warden's is inherited by it.
void Warden::leave_the_program_alone() {
  for (int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE}) {
    ::signal(signal, SIG_IGN);
  }
  release_inherited_descriptors(socket_, STDERR_FILENO);
  signals_ = UniqueFd(signalfd(-1, &chld_, SFD_CLOEXEC | SFD_NONBLOCK));
  bell_event_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  bells_ = std::make_unique<BellRinger>(bell_event_.get());
}

void Warden::send(const Message& message, int fd) {
  if (!recorder_gone_ && !send_message(socket_, message, fd)) on_recorder_gone();
}

void Warden::notice(const std::string& text) {
  Message message{MessageKind::kNotice};
  message.set_text(text);
  send(message);
}

int Warden::run() {
  if (!start()) return 1;
  loop();
  return 0;
}

bool Warden::start() {
  const inject::Launched launched =
      inject::launch(options_.command, options_.inherited, !options_.gains_privileges);
  Message failure{MessageKind::kNotStarted, 0, launched.pid, launched.error};
  switch (launched.outcome) {
    case inject::LaunchOutcome::kFailed:
      failure.kind = MessageKind::kFailed;
      failure.set_text(std::string(launched.what) + ": " + strerror(launched.error));
      [[fallthrough]];
    case inject::LaunchOutcome::kNotStarted:
      send(failure);
      return false;
    case inject::LaunchOutcome::kEnded:
      send({MessageKind::kMainLost, 0, launched.pid, launched.wait_status});
      return false;
    default:
      break;
  }
  leave_the_program_alone();
  main_ = launched.pid;
  main_alive_ = true;
  if (launched.outcome == inject::LaunchOutcome::kAtExec) {
    trace_image(main_, nullptr);
  } else {
    notice(options_.command.path + " runs untraced: it gains privileges");
  }
  return true;
}

void Warden::loop() {
  for (;;) {
    reap();
    if (done()) return;
    wait_for_event(true);
    eventfd_t rings;
    eventfd_read(bell_event_.get(), &rings);
    read_messages();
    execs_.answer_requests();
  }
}

void Warden::reap() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL | WNOHANG | WUNTRACED)) > 0;) {
    if (execs_.on_report(pid, status)) continue;
    if (pid == main_) on_main_report(status);
  }
  look_for_continued_main();
}

// Asked about the main program alone: a tracer that waits for WCONTINUED takes the news away from
// the real parents of those that it is attached to.
void Warden::look_for_continued_main() {
  if (!main_alive_ || unanswered_stops_ == 0) return;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(main_), &info, WCONTINUED | WNOHANG) == 0 &&
      info.si_pid == main_) {
    main_continued_ = true;
  }
}

// Sleeps until something happens. Whoever stops the program stops the recorder; whoever continues
// the program alone must not leave the recorder behind. It may not have come to its stop yet, so it
// is told until it answers.
void Warden::wait_for_event(bool may_be_bell) {
  const auto is_to_continue = [this] { return main_continued_ && unanswered_stops_ != 0; };
  pollfd events[] = {{signals_.get(), POLLIN, 0},
                     {may_be_bell ? bell_event_.get() : -1, POLLIN, 0},
                     {recorder_gone_ ? -1 : socket_, POLLIN, 0}};
  poll(events, 3, is_to_continue() ? kContinueAgainMs : -1);
  if (is_to_continue()) kill(options_.inject.segment.recorder_pid, SIGCONT);
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) continue;
}

void Warden::on_main_report(int wait_status) {
  if (WIFSTOPPED(wait_status)) {
    send({MessageKind::kMainStopped, 0, main_, WSTOPSIG(wait_status)});
    ++unanswered_stops_;
    main_continued_ = false;
    return;
  }
  main_alive_ = false;
  main_continued_ = true;  // what has ended is not stopped, and the recorder must hear of it
  send({lost_at_start_ ? MessageKind::kMainLost : MessageKind::kMainEnded, 0, main_, wait_status});
}

void Warden::read_messages() {
  while (!recorder_gone_) {
    ReceivedMessage received = receive_message(socket_);
    if (received.outcome == ReceivedMessage::kNone) return;
    if (received.outcome == ReceivedMessage::kClosed) return on_recorder_gone();
    on_message(received.message);
  }
}

void Warden::on_message(const Message& message) {
  switch (message.kind) {
    case MessageKind::kImageHeld:
      last_held_ = message.image;
      break;
    case MessageKind::kAbort:
      aborted_ = true;
      if (main_alive_) kill(main_, SIGKILL);
      break;
    case MessageKind::kImageDone:
      if (bells_) bells_->bells().remove_by_other(message.image);
      execs_.forget(message.image);
      break;
    case MessageKind::kForward:
      if (main_alive_) kill(main_, message.value);
      break;
    case MessageKind::kContinue:
      --unanswered_stops_;
      if (unanswered_stops_ == 0 && !main_continued_) continue_main();
      break;
    default:
      break;
  }
}

// Who continues tiptoe continues the program.
void Warden::continue_main() {
  const auto state = inject::status_field(main_, "State");
  if (main_alive_ && state && state->starts_with('T')) kill(main_, SIGCONT);
}

void Warden::on_recorder_gone() {
  recorder_gone_ = true;
  execs_.refuse_all();
}

void Warden::on_exec(pid_t pid, const ExecService::Attached& from) {
  if (recorder_gone_) {
    ptrace(PTRACE_DETACH, pid, 0, 0);
    return;
  }
  trace_image(pid, &from);
}

// `from`: what the new image takes the place of; null for the first.
void Warden::trace_image(pid_t pid, const ExecService::Attached* from) {
  const auto foreign_filters =
      from ? std::optional<bool>(from->foreign_filter) : std::optional<bool>();
  if (const auto reason = inject::reason_not_to_inject(pid, foreign_filters)) {
    ptrace(PTRACE_DETACH, pid, 0, 0);
    return on_untraced(pid, *reason);
  }
  inject::InjectOptions inject = options_.inject;
  if (last_image_ != 0) inject.boot_flags &= ~u32{kBootAwaitDebugger};  // the first waits
  Expected<inject::Injected> injected = inject::inject_at_exec(pid, image_, inject);
  if (!injected) return on_untraced(pid, injected.error().message);
  hand_over(*injected, from ? from->image : 0, from ? from->process : 0);
  if (aborted_) return;
  if (Status status = injected->tracee.give_back(injected->entry); !status) {
    on_untraced(pid, status.error().message);
  }
}

// A process that was killed meanwhile is no news: its end will be.
void Warden::on_untraced(pid_t pid, const std::string& reason) {
  if (!inject::is_ending(pid)) {
    notice("process " + std::to_string(pid) + " runs untraced: " + reason);
  } else if (pid == main_ && last_image_ == 0) {
    lost_at_start_ = true;
  }
}

// The recorder takes the memory before the program runs, so that it is never without its lock.
void Warden::hand_over(inject::Injected& injected, u32 parent_image, u32 parent_process) {
  const u32 image = ++last_image_;
  Expected<inject::SegmentMapping> control =
      inject::SegmentMapping::map(injected.segment.get(), kPageBytes);
  if (!control) return notice(control.error().message);
  ControlPage& page = control->control();
  Message message{MessageKind::kImage, image, injected.tracee.tid()};
  message.chunk_count = injected.chunk_count;
  message.parent_image = parent_image;
  message.parent_process = parent_process;
  send(message, injected.segment.get());
  await_held(image);
  if (recorder_gone_) {  // say to the runtime what a dead recorder's lock would have said
    std::atomic_ref(page.recorder_stopped).store(1);
    std::atomic_ref(page.recorder_lock).store(FUTEX_OWNER_DIED);
    return;
  }
  execs_.watch(image, std::move(*control), SegmentIdentity::of(injected.segment.get()));
  bells_->bells().add(image, page.doorbell);
}

void Warden::await_held(u32 image) {
  for (;;) {
    read_messages();
    if (recorder_gone_ || aborted_ || last_held_ == image) return;
    look_for_continued_main();
    wait_for_event(false);
  }
}

}  // namespace

int run_warden(const WardenOptions& options, const inject::RuntimeImage& image, int socket) {
  return Warden(options, image, socket).run();
}

}  // namespace tiptoe::record
