// Keeps the native twin in step with the translated program, post by post, and compares them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridge/check_mailbox.h"
#include "check/difference.h"
#include "check/native_syscall.h"

namespace tiptoe::check {

class LockStep {
 public:
  // Both stand at the same first instruction, with equal registers and memory.
  LockStep(Twin twin, ProcessMemory program)
      : twin_(std::move(twin)), program_(std::move(program)) {}

  // Brings the twin to where the program is. False when the check is over: see difference() and
  // reason().
  bool follow(const CheckMailbox& post);

  // The report of the first difference, a line each; empty when there was none.
  const std::vector<std::string>& difference() const { return difference_; }
  // Why the check ended before the program did; empty when it did not.
  const std::string& reason() const { return reason_; }
  u64 blocks() const { return blocks_; }
  u64 instructions() const { return instructions_; }
  // The program stands before a system call that, when it succeeds, never comes back.
  bool about_to_exec() const;

 private:
  bool on_block(const CheckMailbox& post);
  bool on_before_syscall(const CheckMailbox& post);
  bool on_after_syscall(const CheckMailbox& post);
  bool on_interrupted(const CheckMailbox& post);
  bool on_moved(const CheckMailbox& post);

  bool catch_up(const CheckMailbox& post, const std::optional<Goal>& goal);
  void leave_frame(u64 context);
  bool compare(const CheckMailbox& post, const NativeRun& run);
  bool raises_too(const CheckMailbox& post);
  void take_slot_below_stack(LastBranch last);
  void take_registers(const CheckMailbox& post);
  void take_memory(std::span<const Range> ranges);
  bool differs(const CheckMailbox& post, const std::string& what, std::vector<std::string> lines);
  bool end(const std::string& reason);

  // What a handler has interrupted: the twin's own registers, and the image in the frame.
  struct InterruptedVectors {
    std::vector<u8> state;
    std::vector<u8> image;
  };
  struct CurrentBlock {
    BlockSpan span;
    EmittedCode emitted;
  };

  Twin twin_;
  ProcessMemory program_;
  std::optional<CurrentBlock> block_;       // entered, not yet executed by the twin
  std::optional<CurrentBlock> last_block_;  // for the report
  std::optional<SystemCall> call_;
  std::map<u64, InterruptedVectors> interrupted_;  // by the ucontext of the signal frame
  std::vector<std::string> difference_;
  std::string reason_;
  u64 blocks_ = 0;
  u64 instructions_ = 0;
};

}  // namespace tiptoe::check
