// The labels of gate.S that C++ needs to know.
#pragma once

#include "engine/context/thread_state.h"

extern "C" {
void tiptoe_enter_exit();
void tiptoe_enter_indirect();
void tiptoe_enter_return_miss();
void tiptoe_enter_syscall();
void tiptoe_enter_emulate();
void tiptoe_enter_rseq_abort();
void tiptoe_enter_check_point();
void tiptoe_enter_compatibility_code();

extern const char tiptoe_resume_begin[];
extern const char tiptoe_resume_end[];
extern const char tiptoe_raise_pending[];
extern const char tiptoe_syscall_begin[];
extern const char tiptoe_syscall_insn[];
extern const char tiptoe_syscall_done[];
extern const char tiptoe_clone_done[];
extern const char tiptoe_clone_int80_done[];
extern const char tiptoe_app_syscall_begin[];
extern const char tiptoe_app_syscall_insn[];
extern const char tiptoe_app_syscall_done[];
extern const char tiptoe_app_syscall_not_made[];
extern const char tiptoe_app_int80_begin[];
extern const char tiptoe_app_int80_insn[];
extern const char tiptoe_app_int80_again[];
extern const char tiptoe_app_int80_done[];

tiptoe::i64 tiptoe_app_syscall();
extern const char tiptoe_int80_begin[];
extern const char tiptoe_int80_insn[];
extern const char tiptoe_int80_again[];
extern const char tiptoe_int80_done[];
extern const char tiptoe_x87_store_begin[];
extern const char tiptoe_x87_store_end[];
extern const char tiptoe_x87_store_recover[];

extern const char tiptoe_set_mask_begin[];
extern const char tiptoe_set_mask_done[];
extern const char tiptoe_sigreturn_begin[];
extern const char tiptoe_sigreturn_held[];

int tiptoe_set_mask(const tiptoe::u64* mask);
[[noreturn]] void tiptoe_sigreturn(struct ucontext* frame);
void tiptoe_signal_entry();
void tiptoe_signal_restorer();
}

namespace tiptoe::engine {

// What tiptoe_on_syscall() tells gate.S to do; gate.S compares with these numbers.
enum class SyscallAction : int {
  kDone = 0,         // go on at resume_at
  kPassThrough = 1,  // make the call with the program's registers, then tiptoe_after_syscall()
  kClone = 2,        // make the call; a child appears
  kExit = 3,         // end the thread
};

// Results of AppCall::make() that are no results of the kernel. They count as errors.
constexpr i64 kNotMade = -512;  // a signal comes first: the call is made after its handler
constexpr i64 kTrapped = -513;  // a seccomp filter has made a SIGSYS of it, which waits

}  // namespace tiptoe::engine
