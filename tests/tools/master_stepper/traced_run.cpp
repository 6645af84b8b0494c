#include "tools/master_stepper/traced_run.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "bridge/boot.h"
#include "engine/context/thread_state.h"
#include "tools/master_stepper/machine_state.h"
#include "tools/master_stepper/runner.h"
#include "tools/master_stepper/start_state.h"
#include "tools/master_stepper/symbols.h"
#include "tools/master_stepper/vectors.h"

namespace tiptoe::master {
namespace {

using engine::ThreadState;

// Where tiptoe_inspect() finds its arguments and its stack, in an address range that programs do
// not use.
constexpr u64 kScratch = u64{1} << 44;
constexpr u64 kScratchBytes = 1 << 16;
constexpr u64 kMachineAt = kScratch + 64, kResultAt = kScratch + 1024;

constexpr int kStartTimeoutMs = 20'000;

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

pid_t parent_of(pid_t pid) {
  const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  const size_t name_end = stat.rfind(") ");
  return name_end == std::string::npos ? 0 : std::atoi(stat.c_str() + name_end + 4);
}

// tiptoe's grandchild that sleeps and is not traced (any more) by the warden.
pid_t find_waiting_program(pid_t tiptoe) {
  pid_t found = 0;
  DIR* proc = opendir("/proc");
  while (const dirent* entry = proc == nullptr ? nullptr : readdir(proc)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid == 0 || parent_of(parent_of(pid)) != tiptoe) continue;
    const std::string folder = "/proc/" + std::to_string(pid);
    const bool sleeps = read_text(folder + "/syscall").starts_with(std::to_string(SYS_nanosleep));
    const bool is_free = read_text(folder + "/status").find("TracerPid:\t0\n") != std::string::npos;
    if (sleeps && is_free) found = pid;
  }
  if (proc != nullptr) closedir(proc);
  return found;
}

class TracedRunner : public Runner {
 public:
  explicit TracedRunner(const TracedOptions& options)
      : options_(options), symbols_(read_symbols(TIPTOE_RUNTIME)) {
    if (!options_.injections) return;
    const Symbols program = read_symbols(options_.command.front());
    begin_ = program["ready"];
    end_ = program["done"];
    next_injection_ = options_.injections->first;
    for (const auto& [name, value] : symbols_.values) {
      if (name.find("app_sigreturn") != std::string::npos) sigreturn_ = value;
    }
    if (sigreturn_ == 0) die("the runtime has no app_sigreturn");
  }

  TracedRun run();

 private:
  void begin(Task& task) override;
  void at_instruction(Task& task) override;
  void resume(Task& task, int signal) override;

  void attach();
  void release_program(Task& task);
  std::optional<Inspection> inspect(const Task& task, const Registers& registers) const;
  State state_of(const Task& task, const Inspection& inspection, const Registers& registers) const;
  void narrow_chunk(const Task& task, Registers registers) const;
  void maybe_inject(Task& task, const std::optional<State>& state);

  u64 address(const char* symbol) const { return base_ + symbols_[symbol]; }
  bool is_between(u64 pc, const char* from, const char* to) const {
    return pc >= address(from) && pc < address(to);
  }
  bool is_in_runtime(u64 pc) const { return pc - base_ < runtime_bytes_; }
  bool is_in_window(u64 pc) const {
    return is_between(pc, "tiptoe_resume_begin", "tiptoe_resume_end") ||
           is_between(pc, "tiptoe_syscall_begin", "tiptoe_syscall_insn") ||
           is_between(pc, "tiptoe_int80_begin", "tiptoe_int80_insn") ||
           pc == address("tiptoe_syscall_insn") || pc == address("tiptoe_syscall_done") ||
           pc == address("tiptoe_int80_insn") || pc == address("tiptoe_int80_done");
  }
  // The gate in assembly, but for the signal handler's part.
  bool is_in_gate(u64 pc) const {
    return is_between(pc, "tiptoe_enter_exit", "tiptoe_signal_entry");
  }

  const TracedOptions& options_;
  Symbols symbols_;
  pid_t tiptoe_ = 0;
  pid_t program_ = 0;
  u64 base_ = 0;
  u64 runtime_bytes_ = 0;
  TracedRun result_;
  u64 next_injection_ = 0;
  u64 injectable_stops_ = 0;
  bool handling_ = false;  // from an injection to the handler's sigreturn
  u64 sigreturn_ = 0;      // offset of the runtime's function for it
  u64 begin_ = 0;          // the program's instructions between which signals are sent
  u64 end_ = 0;
  bool is_armed_ = false;
};

TracedRun TracedRunner::run() {
  std::vector<std::string> command{TIPTOE_COMMAND};
  command.insert(command.end(), options_.tiptoe.begin(), options_.tiptoe.end());
  command.insert(command.end(), {"--await-debugger", "--"});
  command.insert(command.end(), options_.command.begin(), options_.command.end());
  tiptoe_ = spawn(command, false);
  attach();
  follow(tiptoe_);
  result_.run = finish();
  return std::move(result_);
}

// The program has the runtime and waits in it.
void TracedRunner::attach() {
  for (int waited = 0; program_ == 0; ++waited) {
    if (waited == kStartTimeoutMs) die("the program does not come to its start");
    if (waitpid(tiptoe_, nullptr, WNOHANG) == tiptoe_) die("tiptoe ended early");
    usleep(1000);
    program_ = find_waiting_program(tiptoe_);
  }
  seize(program_);
  ptrace(PTRACE_INTERRUPT, program_, nullptr, nullptr);
  int status = 0;
  if (waitpid(program_, &status, __WALL) != program_ || !WIFSTOPPED(status)) die("waitpid");
  Task& task = add(program_);
  // The thread state knows the gate.
  const u64 gate = task.read_word(task.registers().gs_base + offsetof(ThreadState, enter_exit));
  base_ = gate - symbols_["tiptoe_enter_exit"];
  release_program(task);
  start(task);
}

void TracedRunner::release_program(Task& task) {
  const u64 boot = address(kBootSymbol);
  runtime_bytes_ = task.read_word(boot + offsetof(BootParams, runtime_bytes));
  u32 flags = 0;
  task.read(boot + offsetof(BootParams, flags), &flags, sizeof flags);
  flags &= ~u32{kBootAwaitDebugger};
  task.write(boot + offsetof(BootParams, flags), &flags, sizeof flags);
  settle_start_state(task, task.read_word(boot + offsetof(BootParams, registers.gpr[4])));

  const u64 got = task.syscall(address("tiptoe_syscall_insn"), SYS_mmap, kScratch, kScratchBytes,
                               PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, ~u64{0});
  if (got != kScratch) die("no scratch memory in the program");
  const u8 trap = 0xcc;
  task.write(kScratch, &trap, sizeof trap);
}

void TracedRunner::begin(Task& task) {
  task.set_breakpoint(0, address("tiptoe_resume_begin"));
  task.set_breakpoint(1, address("tiptoe_syscall_begin"));
  task.set_breakpoint(2, address("tiptoe_signal_restorer"));
  // Programs with injections make no call by int 0x80.
  task.set_breakpoint(3, options_.injections ? base_ + sigreturn_ : address("tiptoe_int80_begin"));
}

// Calls tiptoe_inspect() in the stopped thread.
std::optional<Inspection> TracedRunner::inspect(const Task& task, const Registers& at) const {
  const MachineState machine = machine_state(at);
  task.write(kMachineAt, &machine, sizeof machine);
  const u64 stack = kScratch + kScratchBytes - 8;
  task.write(stack, &kScratch, sizeof kScratch);  // the return address: a trap
  Registers call = at;
  call.rip = address(kInspectSymbol);
  call.rsp = stack;
  call.rdi = kMachineAt;
  call.rsi = kResultAt;
  call.eflags = 0x202;
  call.orig_rax = ~u64{0};
  task.run_to(call, kScratch + 1, address("tiptoe_safe_copy_fault"),
              address("tiptoe_safe_copy_recover"));
  task.set_registers(at);
  Inspection inspection;
  if (!task.read(kResultAt, &inspection, sizeof inspection)) die("no answer of the runtime");
  if (inspection.known == 0) return std::nullopt;
  return inspection;
}

State TracedRunner::state_of(const Task& task, const Inspection& inspection,
                             const Registers& registers) const {
  State state;
  state.registers = inspection.app;
  state.fs_base = inspection.fs_is_gs != 0 ? inspection.app_fs_base : registers.fs_base;
  state.gs_base = inspection.app_gs_base;
  state.vectors = vector_digest(task);
  state.machine_pc = registers.rip;
  state.where = inspection.where;
  return state;
}

// Moves the event cursor near the end of its chunk, so that chunks change often.
void TracedRunner::narrow_chunk(const Task& task, Registers registers) const {
  const u64 thread = registers.gs_base;
  const u64 window = task.read_word(thread + offsetof(ThreadState, window));
  u32 recording = 0;
  task.read(thread + offsetof(ThreadState, recording), &recording, sizeof recording);
  const u64 wanted = window + kChunkBytes - 4 * u64{options_.words_in_chunk};
  if (recording == 0 || window == 0 || registers.r15 >= wanted) return;
  registers.r15 = wanted;
  task.set_registers(registers);
}

void TracedRunner::at_instruction(Task& task) {
  const Registers registers = task.registers();
  const u64 pc = registers.rip;
  if (handling_) {
    handling_ = pc != base_ + sigreturn_;
    return;
  }
  if (is_in_runtime(pc) && !is_in_window(pc)) {
    if (is_in_gate(pc)) maybe_inject(task, std::nullopt);
    return;
  }
  ++result_.stops;
  const auto inspection = inspect(task, registers);
  std::optional<State> state;
  if (inspection) {
    state = state_of(task, *inspection, registers);
    note(task, *state);
  }
  const bool is_in_cache = inspection && inspection->where == u32{0};  // engine::Where::kCache
  if (options_.words_in_chunk != 0 && is_in_cache) narrow_chunk(task, registers);
  maybe_inject(task, state);
}

void TracedRunner::maybe_inject(Task& task, const std::optional<State>& state) {
  if (!options_.injections || task.tid() != program_) return;
  if (state && state->registers.pc == begin_) is_armed_ = true;
  if (state && state->registers.pc == end_) is_armed_ = false;
  if (!is_armed_) return;
  if (injectable_stops_++ != next_injection_) return;
  next_injection_ += options_.injections->gap;
  result_.injections.push_back(
      {sequence_of(task).size(), state.has_value(), state.value_or(State())});
  syscall(SYS_tgkill, program_, program_, SIGUSR1);
  handling_ = true;
}

void TracedRunner::resume(Task& task, int signal) {
  const u64 pc = task.registers().rip;
  // The runtime's C++ is left to run: all it leads to has a breakpoint.
  const bool steps = !is_in_runtime(pc) || is_in_window(pc) ||
                     is_between(pc, "tiptoe_signal_restorer", "tiptoe_safe_copy") ||
                     (options_.injections && is_in_gate(pc));
  steps && !handling_ ? task.step(signal) : task.go_on(signal);
}

}  // namespace

TracedRun run_traced(const TracedOptions& options) {
  return TracedRunner(options).run();
}

}  // namespace tiptoe::master
