#include "check/lock_step.h"

#include <sys/syscall.h>

#include "check/signal_frame.h"

namespace tiptoe::check {
namespace {

constexpr size_t kMaxMemoryLines = 8;

BlockSpan span_of(const CheckMailbox& post) {
  return {post.block_pc, post.block_bytes, post.block_instructions};
}

bool same_registers(const Registers& native, const CheckMailbox& post) {
  return different_registers(native, post).empty();
}

}  // namespace

bool LockStep::follow(const CheckMailbox& post) {
  switch (post.kind) {
    case CheckPost::kBlock:
      return on_block(post);
    case CheckPost::kBeforeSyscall:
      return on_before_syscall(post);
    case CheckPost::kAfterSyscall:
      return on_after_syscall(post);
    case CheckPost::kInterrupted:
      return on_interrupted(post);
    case CheckPost::kMoved:
      return on_moved(post);
  }
  return end("the runtime is of another version");
}

bool LockStep::about_to_exec() const {
  return call_ && (call_->number == SYS_execve || call_->number == SYS_execveat);
}

bool LockStep::on_block(const CheckMailbox& post) {
  if (!catch_up(post, {})) return false;
  ++blocks_;
  block_ = CurrentBlock{
      span_of(post),
      {{post.hot_start, post.hot_bytes}, {post.cold_start, post.cold_bytes}},
  };
  return true;
}

// Everything that both may write is compared before each system call: a store to a wrong address is
// not among those that the twin has made.
bool LockStep::on_before_syscall(const CheckMailbox& post) {
  if (!catch_up(post, {})) return false;
  std::vector<std::string> lines =
      different_writable_memory(twin_.memory(), program_, kMaxMemoryLines);
  if (!lines.empty()) {
    return differs(post,
                   "in memory that the native twin has not written, since the last system call",
                   std::move(lines));
  }
  call_ = pending_call(twin_.registers());
  const std::string why = reason_to_end(program_, *call_);
  return why.empty() || end(why);
}

bool LockStep::on_after_syscall(const CheckMailbox& post) {
  if (!call_) return end("a system call came back that was not seen");
  follow_call(twin_, program_, *call_, static_cast<i64>(post.gpr[0]));
  call_.reset();
  return compare(post, {});
}

bool LockStep::on_interrupted(const CheckMailbox& post) {
  call_.reset();
  const bool is_there = same_registers(twin_.registers(), post);
  if (is_there) block_.reset();
  if (!catch_up(post, Goal{post.pc, post.gpr[1]})) return false;
  return post.is_fault == 0 || post.signal == SIGTRAP || raises_too(post);
}

// A fault of the translated program must be one of the native program.
bool LockStep::raises_too(const CheckMailbox& post) {
  const int signal = twin_.step();
  if (signal == static_cast<int>(post.signal)) return true;
  return differs(post,
                 "the translated program raised signal " + std::to_string(post.signal) +
                     ", the native twin " +
                     (signal == 0 ? "none" : "signal " + std::to_string(signal)),
                 {});
}

// The kernel's, and the engine's, work on signal frames is not repeated: what it did is taken over.
// The twin's own vector registers are those of the program: they are kept by frame, and are its own
// again behind a handler that has not edited them.
bool LockStep::on_moved(const CheckMailbox& post) {
  if (call_ && call_->number == SYS_rt_sigreturn) {
    leave_frame(twin_.registers().rsp);
  } else {
    const u64 context = post.gpr[2];  // the handler's third argument
    interrupted_[context] = {twin_.vector_state(), vector_image(program_, context)};
    twin_.reset_vector_state();
  }
  call_.reset();
  block_.reset();
  take_registers(post);
  copy_differences(program_, twin_.memory());
  return true;
}

void LockStep::leave_frame(u64 context) {
  const std::vector<u8> image = vector_image(program_, context);
  const auto frame = interrupted_.find(context);
  if (frame != interrupted_.end() && frame->second.image == image) {
    twin_.set_vector_state(frame->second.state);
  } else if (image.empty()) {
    twin_.reset_vector_state();
  } else {
    twin_.set_vector_state(with_image(twin_.vector_state(), image));
  }
  if (frame != interrupted_.end()) interrupted_.erase(frame);
}

bool LockStep::catch_up(const CheckMailbox& post, const std::optional<Goal>& goal) {
  NativeRun run;
  if (block_) {
    run = run_block(twin_, block_->span, post.pc, goal);
    instructions_ += run.instructions;
    last_block_ = block_;
    block_.reset();
  }
  if (run.interrupt) return end("the program uses an int instruction");
  if (run.signal == Twin::kLost) return end("the native twin was killed");
  const bool fault_is_due = goal && twin_.registers().rip == post.pc;
  if (run.signal != 0 && !fault_is_due) {
    return differs(post,
                   "the native twin raised signal " + std::to_string(run.signal) + " at " +
                       describe_address(program_.pid(), twin_.registers().rip) +
                       ", the translated program did not",
                   different_registers(twin_.registers(), post));
  }
  return compare(post, run);
}

bool LockStep::compare(const CheckMailbox& post, const NativeRun& run) {
  if (run.unpredictable) {
    take_registers(post);
    copy_differences(program_, twin_.memory());
    return true;
  }
  take_slot_below_stack(run.last);
  take_memory(run.unpredictable_memory);
  std::vector<std::string> lines = different_registers(twin_.registers(), post);
  if (!run.written.empty()) {
    for (std::string& line : different_memory(twin_.memory(), program_, run.written)) {
      if (lines.size() < 2 * kMaxMemoryLines) lines.push_back(std::move(line));
    }
  }
  return lines.empty() || differs(post, "", std::move(lines));
}

// The engine's real calls and returns leave a cache address below the stack pointer, where programs
// may not expect anything (docs/RETURNS.md).
void LockStep::take_slot_below_stack(LastBranch last) {
  if (last == LastBranch::kOther || last == LastBranch::kIndirect) return;
  const u64 slot = twin_.registers().rsp - (last == LastBranch::kRet ? 16 : 8);
  const Range range{slot, sizeof(u64)};
  take_memory({&range, 1});
}

void LockStep::take_memory(std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    std::vector<u8> bytes(range.bytes);
    bytes.resize(program_.read(range.start, bytes));
    twin_.memory().write(range.start, bytes);
  }
}

void LockStep::take_registers(const CheckMailbox& post) {
  Registers r = twin_.registers();
  const u64* t = post.gpr;
  r.rax = t[0], r.rcx = t[1], r.rdx = t[2], r.rbx = t[3];
  r.rsp = t[4], r.rbp = t[5], r.rsi = t[6], r.rdi = t[7];
  r.r8 = t[8], r.r9 = t[9], r.r10 = t[10], r.r11 = t[11];
  r.r12 = t[12], r.r13 = t[13], r.r14 = t[14], r.r15 = t[15];
  r.rip = post.pc;
  r.eflags = post.rflags;
  twin_.set_registers(r);
}

bool LockStep::differs(const CheckMailbox& post, const std::string& what,
                       std::vector<std::string> lines) {
  difference_.clear();
  if (!last_block_) {
    difference_.push_back("difference at the start of the program" +
                          (what.empty() ? "" : ": " + what));
  } else {
    difference_.push_back("difference after the block at " +
                          describe_address(program_.pid(), last_block_->span.pc) +
                          (what.empty() ? "" : ": " + what));
  }
  for (std::string& line : lines) difference_.push_back("  " + std::move(line));
  if (last_block_) {
    for (std::string& line : side_by_side(program_, last_block_->span, last_block_->emitted)) {
      difference_.push_back("  " + std::move(line));
    }
  }
  if (post.kind == CheckPost::kBlock) {
    difference_.push_back("  the translated program goes on at " +
                          describe_address(program_.pid(), post.block_pc));
    for (std::string& line : code_lines(program_, span_of(post))) {
      difference_.push_back("  " + std::move(line));
    }
  }
  return false;
}

bool LockStep::end(const std::string& reason) {
  reason_ = reason;
  return false;
}

}  // namespace tiptoe::check
