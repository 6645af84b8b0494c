#include "engine/dispatch/stopped_thread.h"

#include "engine/context/cursor_register.h"
#include "engine/context/gate.h"
#include "engine/context/safe_copy.h"
#include "engine/dispatch/branch_fault.h"
#include "sys/fail.h"
#include "sys/syscall.h"

namespace tiptoe::engine {
namespace {

u64 address(const char* label) {
  return reinterpret_cast<u64>(label);
}

}  // namespace

Where where_is(const Core& core, u64 pc) {
  if (core.cache.contains(pc)) return Where::kCache;
  if (core.rseq.is_abort(pc)) return Where::kRseqAbort;
  if (pc == address(tiptoe_raise_pending)) return Where::kRaise;
  if (pc >= address(tiptoe_resume_begin) && pc < address(tiptoe_resume_end)) return Where::kContext;
  if (pc >= address(tiptoe_syscall_begin) && pc <= address(tiptoe_syscall_insn)) {
    return Where::kBeforeSyscall;
  }
  if (pc >= address(tiptoe_int80_begin) && pc <= address(tiptoe_int80_again)) {
    return Where::kBeforeSyscall;
  }
  if (pc == address(tiptoe_syscall_done) || pc == address(tiptoe_int80_done)) {
    return Where::kSyscallDone;
  }
  if (pc == address(tiptoe_safe_copy_fault) ||
      (pc >= address(tiptoe_x87_store_begin) && pc < address(tiptoe_x87_store_end))) {
    return Where::kSafeCopy;
  }
  if ((pc >= address(tiptoe_app_syscall_begin) && pc <= address(tiptoe_app_syscall_insn)) ||
      (pc >= address(tiptoe_app_int80_begin) && pc <= address(tiptoe_app_int80_again))) {
    return Where::kAppCall;
  }
  if (pc - core.runtime_start < core.runtime_bytes || pc - sys::call_site() < kPageBytes) {
    return Where::kRuntime;
  }
  return Where::kApp;
}

namespace {

AppState between_blocks(const Context& context) {
  return {context, nullptr, 0, true, false, false, At::kExit};
}

}  // namespace

Context behind_syscall(const Context& context, i64 result, bool legacy) {
  constexpr i64 kSyscallBytes = 2;  // of int 0x80 too
  Context behind = context;
  behind.pc = context.pc + kSyscallBytes;
  behind.gpr[x86::kRax] = static_cast<u64>(result);
  if (legacy) return behind;
  behind.gpr[x86::kRcx] = raw(behind.pc);
  behind.gpr[x86::kR11] = context.rflags;
  return behind;
}

StoppedThread stopped_thread(const Core& core, const ThreadState& thread, const Context& machine,
                             u64 machine_pc) {
  const Where where = where_is(core, machine_pc);
  switch (where) {
    case Where::kCache: {
      const Piece* piece = core.cache.find(machine_pc);
      TIPTOE_CHECK(piece != nullptr, machine_pc, 0);
      const AppState app =
          resolve(core.states, *piece, thread, machine, machine_pc, thread.recording);
      const bool arrives = !app.left_block || is_address(app.context.pc);
      return {arrives ? where : Where::kNoAddress, piece, app};
    }
    case Where::kSyscallDone: {
      const i64 result = static_cast<i64>(machine.gpr[x86::kRax]);
      return {where, nullptr,
              between_blocks(behind_syscall(thread.context, result, thread.legacy_call != 0))};
    }
    case Where::kRseqAbort: {
      AppState app = between_blocks(machine);
      if (thread.recording) {
        app.context.gpr[kCursorRegister] = thread.spill[static_cast<unsigned>(Spill::kStolen)];
      }
      restore_aborted(thread, core.rseq.abort_of(core.rseq.slot_of(machine_pc)), app.context);
      return {where, nullptr, app};
    }
    case Where::kApp: {
      AppState app = between_blocks(machine);
      app.context.pc = AppPc{machine_pc};
      return {where, nullptr, app};
    }
    case Where::kNoAddress:
    case Where::kContext:
    case Where::kBeforeSyscall:
    case Where::kRaise:
    case Where::kAppCall:
    case Where::kSafeCopy:
    case Where::kRuntime:
      break;
  }
  return {where, nullptr, between_blocks(thread.context)};
}

}  // namespace tiptoe::engine
