#include "record/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "inject/launch.h"
#include "inject/process_facts.h"
#include "record/descriptors.h"
#include "record/drain_thread.h"
#include "record/session_info.h"
#include "record/summary.h"
#include "record/warden.h"
#include "record/warden_messages.h"

namespace tiptoe::record {
namespace {

constexpr u32 kChunks = 16384;      // 16 GiB of address space; memory only as far as it is used
constexpr u32 kBacklogChunks = 64;  // the program waits when this much (64 MiB) is not yet written
constexpr rlim_t kEnoughFiles = 4096;  // a descriptor a followed process, and a few

// After the program's end: its last children mostly end by themselves.
constexpr int kWaitNoticeMs = 500;

void say(const std::string& text) {
  std::fprintf(stderr, "tiptoe: %s\n", text.c_str());
}

int fail(const std::string& text, int exit_status = kExitFailed) {
  say(text);
  return exit_status;
}

// Tiptoe is in the process group of the program: what is meant for that may come here, too, and
// must not end it. SIGXFSZ: a write beyond the limit shall fail, not kill. SIGTTOU: a background
// process may still write its messages.
constexpr int kNotOurs[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGABRT,
                            SIGSYS,  SIGCHLD, SIGCONT, SIGXCPU, SIGURG,  SIGWINCH};
// Those of ours that are not passed on: a terminal and its shell send them to the whole group, our
// own writing to us.
constexpr int kNotForwarded[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGXFSZ};

sigset_t block_our_signals() {
  sigset_t ours;
  sigfillset(&ours);
  for (int signal : kNotOurs) sigdelset(&ours, signal);
  sigprocmask(SIG_BLOCK, &ours, nullptr);
  return ours;
}

void raise_limit(__rlimit_resource resource, rlim_t enough) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0) return;
  const rlimit raised{enough, std::max(enough, limit.rlim_max)};
  if (limit.rlim_max < enough && setrlimit(resource, &raised) == 0) return;  // privileged
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

// The program, or a process of its.
bool descends_from_us(pid_t pid) {
  while (pid > 1 && pid != getpid()) {
    pid = std::atoi(inject::status_field(pid, "PPid").value_or("0").c_str());
  }
  return pid == getpid();
}

int exit_status_of_error(int error) {
  return error == ENOENT ? kExitNotFound : kExitNotExecutable;
}

std::string explain_exec_error(const std::string& program, int error) {
  if (error == ENOEXEC) return program + ": not a program for this machine";
  if (error == ENOENT && program.find('/') != std::string::npos &&
      access(program.c_str(), F_OK) == 0) {
    return program + ": its interpreter is not found (see its first line, or readelf -l)";
  }
  return program + ": " + strerror(error);
}

// The recorder's side of a session, once the warden runs.
struct Ending {
  int status;     // to exit with
  int killed_by;  // the program was, by this signal; 0: by none
};

class Recorder {
 public:
  Recorder(const SessionOptions& options, RecorderLock& lock, int socket, const sigset_t& signals);
  Ending run();

 private:
  void loop();
  void on_signal(const signalfd_siginfo& info);
  void on_message(ReceivedMessage& received);
  void on_image(ReceivedMessage& received);
  bool open_trace();
  void abort(const std::string& why);
  void on_program_stopped(int signal);
  void end(int status);
  Ending finish();
  void write_end(const DrainThread::Result& result);
  void send(MessageKind kind, u32 image = 0, i32 value = 0) {
    send_message(socket_, {kind, image, 0, value});
  }

  const SessionOptions& options_;
  int socket_;
  UniqueFd signals_;
  UniqueFd pidfds_;
  UniqueFd image_done_;  // counts the images that no process runs any more
  std::optional<trace::Writer> writer_;
  DrainThread drains_;
  bool ended_ = false;
  bool waiting_ = false;  // the program has ended, and others still run
  bool told_ = false;
  u32 images_running_ = 0;
  bool aborted_ = false;
  pid_t main_pid_ = -1;
  u32 main_image_ = 0;              // that the program runs
  std::optional<int> wait_status_;  // of the program, once it ended
  int exit_status_ = kExitFailed;
  int killed_by_ = 0;
};

Recorder::Recorder(const SessionOptions& options, RecorderLock& lock, int socket,
                   const sigset_t& signals)
    : options_(options),
      socket_(socket),
      signals_(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)),
      pidfds_(epoll_create1(EPOLL_CLOEXEC)),
      image_done_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      drains_(lock, pidfds_.get(),
              {[this](u32 image) {
                 send(MessageKind::kImageDone, image);
                 eventfd_write(image_done_.get(), 1);
               },
               [this] {
                 say("the trace cannot be written any further (disk full, or a limit?); it ends "
                     "here, the program goes on: " +
                     *options_.output);
               }}) {}

Ending Recorder::run() {
  loop();
  return finish();
}

void Recorder::loop() {
  while (!ended_) {
    pollfd events[] = {{signals_.get(), POLLIN, 0},
                       {socket_, POLLIN, 0},
                       {pidfds_.get(), POLLIN, 0},
                       {image_done_.get(), POLLIN, 0}};
    const bool tell = waiting_ && !told_;
    if (poll(events, 4, tell ? kWaitNoticeMs : -1) == 0 && tell) {
      say("the program has ended; what it has left behind is still recorded (Ctrl-C ends that)");
      told_ = true;
    }
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) on_signal(info);
    epoll_event dead[16];
    if (epoll_wait(pidfds_.get(), dead, 16, 0) > 0) drains_.wake();
    while (!ended_) {
      ReceivedMessage received = receive_message(socket_);
      if (received.outcome == ReceivedMessage::kNone) break;
      on_message(received);
    }
    eventfd_t done = 0;
    if (eventfd_read(image_done_.get(), &done) == 0) images_running_ -= static_cast<u32>(done);
    if (waiting_ && images_running_ == 0) end(exit_status_);
  }
}

// The terminal's signals reach the program by itself, and so do those that it sends to its group.
// What others have sent to tiptoe is passed on.
void Recorder::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  const bool is_wish_to_end =
      signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
  if (waiting_ && is_wish_to_end) return end(exit_status_);
  const bool from_a_process = info.ssi_code <= 0;
  const bool kept = std::ranges::find(kNotForwarded, signal) != std::end(kNotForwarded);
  if (!from_a_process || kept || descends_from_us(static_cast<pid_t>(info.ssi_pid))) return;
  send(MessageKind::kForward, 0, signal);
}

void Recorder::on_message(ReceivedMessage& received) {
  if (received.outcome == ReceivedMessage::kClosed) {
    say("its helper process was lost: the recording ends here, the program goes on, and its exit "
        "status is not known");
    return end(kExitFailed);
  }
  const Message& message = received.message;
  switch (message.kind) {
    case MessageKind::kImage:
      on_image(received);
      break;
    case MessageKind::kNotStarted:
      say(explain_exec_error(options_.argv.front(), message.value));
      end(exit_status_of_error(message.value));
      break;
    case MessageKind::kFailed:
      say(message.text);
      end(kExitFailed);
      break;
    case MessageKind::kMainStopped:
      on_program_stopped(message.value);
      break;
    case MessageKind::kMainLost:  // what was asked for is a trace, though nothing is in it
      if (main_pid_ < 0) main_pid_ = message.pid;
      if (!open_trace()) return end(kExitFailed);
      [[fallthrough]];
    case MessageKind::kMainEnded:
      wait_status_ = message.value;
      exit_status_ = aborted_                     ? kExitFailed
                     : WIFSIGNALED(message.value) ? 128 + WTERMSIG(message.value)
                                                  : WEXITSTATUS(message.value);
      killed_by_ = !aborted_ && WIFSIGNALED(message.value) ? WTERMSIG(message.value) : 0;
      waiting_ = options_.wait && !aborted_;
      if (!waiting_) end(exit_status_);
      break;
    case MessageKind::kNotice:
      if (!aborted_) say(message.text);
      break;
    default:
      break;
  }
}

void Recorder::end(int status) {
  exit_status_ = status;
  ended_ = true;
}

void Recorder::abort(const std::string& why) {
  say(why);
  aborted_ = true;
  send(MessageKind::kAbort);
}

// Not before a program is there to be recorded: an older trace shall not be lost to a mistyped
// name.
bool Recorder::open_trace() {
  if (!options_.output || writer_) return true;
  Expected<trace::Writer> writer = trace::Writer::create(
      *options_.output, describe_session(options_.argv, options_.version, options_.mode));
  if (!writer) {
    abort(writer.error().message);
    return false;
  }
  writer_.emplace(std::move(*writer));
  drains_.set_writer(&*writer_);
  return true;
}

void Recorder::on_image(ReceivedMessage& received) {
  const Message& message = received.message;
  if (!open_trace()) return;
  if (main_pid_ < 0) main_pid_ = message.pid;
  if (message.pid == main_pid_) main_image_ = message.image;
  ++images_running_;
  Expected<inject::SegmentMapping> mapping =
      inject::SegmentMapping::map(received.fd.get(), inject::segment_bytes(message.chunk_count));
  if (!mapping) return abort(mapping.error().message);
  drains_.add({std::make_unique<ImageDrain>(message.image, std::move(received.fd),
                                            std::move(*mapping), message.chunk_count, message.pid,
                                            writer_ ? &*writer_ : nullptr),
               describe_image(message.pid), message.pid, message.parent_image,
               message.parent_process});
  send(MessageKind::kImageHeld, message.image);
}

// The shell that started tiptoe shall see it stop as it would have seen the program.
void Recorder::on_program_stopped(int signal) {
  struct sigaction plain {
  }, before{};
  plain.sa_handler = SIG_DFL;
  sigset_t one, mask;
  sigemptyset(&one);
  sigaddset(&one, signal);
  if (signal != SIGSTOP) sigaction(signal, &plain, &before);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &one, &mask);  // stops here, until SIGCONT
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  if (signal != SIGSTOP) sigaction(signal, &before, nullptr);
  send(MessageKind::kContinue);
}

Ending Recorder::finish() {
  const DrainThread::Result result = drains_.finish();
  if (writer_)
    write_end(result);
  else if (options_.output && wait_status_ && !aborted_)
    say("nothing was recorded");
  return {exit_status_, killed_by_};
}

void Recorder::write_end(const DrainThread::Result& result) {
  const trace::EndReason reason =
      result.processes_left ? trace::EndReason::kStopped : trace::EndReason::kProgramEnded;
  trace::SessionTotals totals;
  totals.dropped_words = result.totals.dropped_words;
  totals.processes = result.totals.processes;
  totals.threads = result.totals.threads;
  totals.images = result.images;
  totals.wait_status = wait_status_.value_or(0);
  if (wait_status_ && main_image_) {
    (void)writer_->write_process_end(main_image_, kRootProcess, main_pid_, *wait_status_);
  }
  const Status status = writer_->finish(reason, totals);
  if (!status) say(status.error().message);
  say(summary_line({result.totals.flow_words * sizeof(u32), result.totals.threads,
                    result.totals.processes, writer_->totals().file_bytes,
                    result.totals.dropped_words, *options_.output, options_.mode}));
}

WardenOptions warden_options(const SessionOptions& options, const inject::FoundProgram& program,
                             const inject::InheritedState& inherited) {
  WardenOptions result{{program.path, options.argv}, {}, inherited, false};
  result.gains_privileges = inject::gains_privileges(program.path);
  result.inject.segment.chunk_count = options.output ? kChunks : 0;
  result.inject.segment.backlog_limit = kBacklogChunks;
  result.inject.segment.recorder_pid = getpid();
  result.inject.segment.first_exit_id = options.first_exit_id;
  if (options.output) result.inject.segment.control_flags |= kControlRecording;
  if (options.mode == trace::RecordMode::kCoverage) {
    result.inject.segment.control_flags |= kControlCoverage;
  }
  if (options.follow_children) result.inject.segment.control_flags |= kControlFollowChildren;
  result.inject.cache_bytes = options.cache_bytes;
  result.inject.trust_threshold = options.trust_threshold;
  result.inject.boot_flags = options.boot_flags;
  result.inject.log_level = options.log_level;
  return result;
}

Ending run_recorder(const SessionOptions& options, int socket, const sigset_t& signals) {
  RecorderLock lock;
  return Recorder(options, lock, socket, signals).run();
}

// The warden leaves when its socket closes, unless a process is in the midst of an execve.
void reap_warden(pid_t pid) {
  constexpr timespec kPatience{0, 200'000'000};
  sigset_t chld;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, nullptr);
  if (waitpid(pid, nullptr, WNOHANG) == 0) sigtimedwait(&chld, nullptr, &kPatience);
  waitpid(pid, nullptr, WNOHANG);
}

// The shell that started tiptoe shall see it killed as it would have seen the program: a script is
// ended by ^C only if what it waits for was. Returns where that cannot be, as in process 1 of a
// namespace.
void die_of(int signal) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);  // a core may be piped elsewhere
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  sigaction(signal, &plain, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

}  // namespace

int run_session(const SessionOptions& options) {
  const inject::FoundProgram program = inject::find_program(options.argv.front());
  if (program.error) {
    return fail(options.argv.front() + ": " + strerror(program.error),
                exit_status_of_error(program.error));
  }
  const Expected<inject::RuntimeImage> image = inject::RuntimeImage::parse(options.runtime);
  if (!image) return fail(image.error().message);
  const WardenOptions warden = warden_options(options, program, inject::InheritedState::current());
  const sigset_t signals = block_our_signals();
  raise_limit(RLIMIT_FSIZE, RLIM_INFINITY);
  raise_limit(RLIMIT_NOFILE, kEnoughFiles);
  prctl(PR_SET_DUMPABLE, 1);  // or a tiptoe that its user may not read could not trace its child
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return fail(std::string("socketpair: ") + strerror(errno));
  }
  UniqueFd ours(sockets[0]), wardens(sockets[1]);

  const pid_t pid = fork();
  if (pid < 0) return fail(std::string("fork: ") + strerror(errno));
  if (pid == 0) {
    ours.reset();
    _exit(run_warden(warden, *image, wardens.get()));
  }
  wardens.reset();
  release_inherited_descriptors(ours.get(), STDOUT_FILENO);
  const Ending ending = run_recorder(options, ours.get(), signals);
  ours.reset();
  reap_warden(pid);
  if (ending.killed_by != 0) die_of(ending.killed_by);
  return ending.status;
}

}  // namespace tiptoe::record
