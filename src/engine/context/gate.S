// The gates between the code cache and the runtime.
//
// Into the runtime: every register is saved to the thread's context, the runtime's own stack is taken,
// the flags are made what compiled code expects. Out of it: all registers from the context, then a jump.
//
// What a signal handler may meet here, and how it is resolved (signal/handler.cpp):
//   [tiptoe_resume_begin, tiptoe_resume_end)   the program's whole state is in the context
//   [tiptoe_syscall_begin, tiptoe_syscall_insn] the same; the system call has not been made
//   tiptoe_syscall_done                        the same, with the result in rax
//   [tiptoe_app_syscall_begin, tiptoe_app_syscall_insn] the signal waits, and the call is not made
//   their like for int 0x80                    as those; up to ..._again, where a call is made again
//   anything else in the runtime               the signal waits: `pending`
// Both windows begin with the test of `pending`, so a signal either is seen by the test or meets a window.
// Where the runtime unblocks signals, the same test stands in front of the system call, and a signal that
// comes between them sends the thread back to the test: so one signal at a time waits.

        .intel_syntax noprefix
        .set    SELF, 0
        .set    PENDING, 140
        .set    CONTEXT, 144
        .set    RFLAGS, 272
        .set    RUNTIME_STACK, 288
        .set    RESUME_AT, 296
        .set    RESUME_CURSOR_REGISTER, 304
        .set    PARENT, 312
        .set    IN_USE, 320
        .set    LEGACY_CALL, 332
        .set    FAR_FRAME, 336
        .set    UC_SIGMASK, 296
        .set    BLOCKED_WHILE_HELD, ~0x4d8      // all but SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV

        .macro  save_registers
        mov     gs:[CONTEXT + 8*0], rax
        mov     gs:[CONTEXT + 8*1], rcx
        mov     gs:[CONTEXT + 8*2], rdx
        mov     gs:[CONTEXT + 8*3], rbx
        mov     gs:[CONTEXT + 8*4], rsp
        mov     gs:[CONTEXT + 8*5], rbp
        mov     gs:[CONTEXT + 8*6], rsi
        mov     gs:[CONTEXT + 8*7], rdi
        mov     gs:[CONTEXT + 8*8], r8
        mov     gs:[CONTEXT + 8*9], r9
        mov     gs:[CONTEXT + 8*10], r10
        mov     gs:[CONTEXT + 8*11], r11
        mov     gs:[CONTEXT + 8*12], r12
        mov     gs:[CONTEXT + 8*13], r13
        mov     gs:[CONTEXT + 8*14], r14
        mov     gs:[CONTEXT + 8*15], r15
        mov     rsp, gs:[RUNTIME_STACK]
        pushfq
        pop     qword ptr gs:[RFLAGS]
        clean_flags
        .endm

        // DF, AC and TF as compiled code expects them.
        .macro  clean_flags
        push    0x202
        popfq
        .endm

        // rsp last: the flags are popped from the runtime's stack. r15 is given as the operand's slot.
        // `untrapped`: without the trap flag, which would trap at each instruction of the gate; only the
        // way back into the cache takes it along.
        .macro  load_registers r15_slot, untrapped
        push    qword ptr gs:[RFLAGS]
        .ifnb   \untrapped
        and     dword ptr [rsp], ~0x100
        .endif
        popfq
        mov     rax, gs:[CONTEXT + 8*0]
        mov     rcx, gs:[CONTEXT + 8*1]
        mov     rdx, gs:[CONTEXT + 8*2]
        mov     rbx, gs:[CONTEXT + 8*3]
        mov     rbp, gs:[CONTEXT + 8*5]
        mov     rsi, gs:[CONTEXT + 8*6]
        mov     rdi, gs:[CONTEXT + 8*7]
        mov     r8, gs:[CONTEXT + 8*8]
        mov     r9, gs:[CONTEXT + 8*9]
        mov     r10, gs:[CONTEXT + 8*10]
        mov     r11, gs:[CONTEXT + 8*11]
        mov     r12, gs:[CONTEXT + 8*12]
        mov     r13, gs:[CONTEXT + 8*13]
        mov     r14, gs:[CONTEXT + 8*14]
        mov     r15, gs:[\r15_slot]
        mov     rsp, gs:[CONTEXT + 8*4]
        .endm

        .macro  public name
        .globl  \name
        .hidden \name
        .type   \name, @function
\name:
        .endm

        .macro  entry name, function
        public  \name
        save_registers
        mov     rdi, gs:[SELF]
        call    \function
        jmp     tiptoe_resume_begin
        .endm

        .text
        entry   tiptoe_enter_exit, tiptoe_on_exit
        entry   tiptoe_enter_indirect, tiptoe_on_indirect
        entry   tiptoe_enter_return_miss, tiptoe_on_return_miss
        entry   tiptoe_enter_rseq_abort, tiptoe_on_rseq_abort
        entry   tiptoe_enter_check_point, tiptoe_on_check_point

public tiptoe_resume_begin
        mov     rsp, gs:[RUNTIME_STACK]
        cmp     dword ptr gs:[PENDING], 0
        jne     deliver_pending
        load_registers RESUME_CURSOR_REGISTER
        jmp     qword ptr gs:[RESUME_AT]
deliver_pending:
        mov     rdi, gs:[SELF]
        call    tiptoe_before_raise
        // A signal came while the runtime was at work. Its frame is built by the kernel like any other:
        // with all program registers in place, fault on purpose.
        load_registers CONTEXT + 8*15, untrapped
public tiptoe_raise_pending
        hlt
        // To 32-bit code, all other registers in place.
public tiptoe_enter_compatibility_code
        mov     rsp, gs:[SELF]
        lea     rsp, [rsp + FAR_FRAME]
        iretq
public tiptoe_resume_end

public tiptoe_enter_emulate
        save_registers
        mov     rdi, gs:[SELF]
        call    tiptoe_on_emulate
        jmp     1f
public tiptoe_enter_syscall
        save_registers
        mov     rdi, gs:[SELF]
        call    tiptoe_on_syscall
1:      test    eax, eax
        jz      tiptoe_resume_begin
        cmp     eax, 2
        je      clone_gate
        cmp     eax, 3
        je      exit_gate
        cmp     dword ptr gs:[LEGACY_CALL], 0
        jne     tiptoe_int80_begin
public tiptoe_syscall_begin
        mov     rsp, gs:[RUNTIME_STACK]
        cmp     dword ptr gs:[PENDING], 0
        jne     deliver_pending
        load_registers CONTEXT + 8*15, untrapped
public tiptoe_syscall_insn
        syscall
public tiptoe_syscall_done
        mov     gs:[CONTEXT + 8*0], rax
        mov     rsp, gs:[RUNTIME_STACK]
        clean_flags
        mov     rdi, gs:[SELF]
        call    tiptoe_after_syscall
        jmp     tiptoe_resume_begin

        // The same for a call that the program makes by int 0x80.
public tiptoe_int80_begin
        mov     rsp, gs:[RUNTIME_STACK]
        cmp     dword ptr gs:[PENDING], 0
        jne     deliver_pending
        load_registers CONTEXT + 8*15, untrapped
        // Two bytes and a prefix without effect: the kernel goes back by two bytes when it wants the call
        // made again, which so can be told from one that has not been made. No register tells it.
public tiptoe_int80_insn
        .byte   0x2e
public tiptoe_int80_again
        int     0x80
public tiptoe_int80_done
        mov     gs:[CONTEXT + 8*0], rax
        mov     rsp, gs:[RUNTIME_STACK]
        clean_flags
        mov     rdi, gs:[SELF]
        call    tiptoe_after_syscall
        jmp     tiptoe_resume_begin

        // A system call that makes a thread or a process. gs is the child's already, in both; its
        // context is a copy of the parent's. All signals are blocked.
clone_gate:
        cmp     dword ptr gs:[LEGACY_CALL], 0
        jne     2f
        load_registers CONTEXT + 8*15, untrapped
        syscall
public tiptoe_clone_done
        jmp     3f
2:      load_registers CONTEXT + 8*15, untrapped
        int     0x80
public tiptoe_clone_int80_done
3:      test    rax, rax
        jz      1f
        mov     rdi, gs:[PARENT]
        mov     rsi, rax
        mov     rsp, [rdi + RUNTIME_STACK]
        clean_flags
        call    tiptoe_after_clone
        jmp     tiptoe_resume_begin
1:      mov     gs:[CONTEXT + 8*0], rax
        mov     gs:[CONTEXT + 8*4], rsp
        mov     rsp, gs:[RUNTIME_STACK]
        clean_flags
        mov     rdi, gs:[SELF]
        call    tiptoe_child_start
        jmp     tiptoe_resume_begin

        // The end of a thread: from now on its state may be taken by another thread, so nothing is touched
        // but registers.
exit_gate:
        mov     edi, gs:[CONTEXT + 8*7]
        mov     eax, 60
        lock dec dword ptr gs:[IN_USE]
        syscall
        hlt

        // i64 tiptoe_app_syscall(): makes the program's system call, its arguments in the context, for C++
        // that has to do with the result. Not from the call page: filters shall judge it. A signal that
        // waits, or comes before the call is made, comes first: kNotMade.
public tiptoe_app_syscall
        push    rbx
        push    rbp
public tiptoe_app_syscall_begin
        cmp     dword ptr gs:[PENDING], 0
        jne     tiptoe_app_syscall_not_made
        cmp     dword ptr gs:[LEGACY_CALL], 0
        jne     tiptoe_app_int80_begin
        mov     rax, gs:[CONTEXT + 8*0]
        mov     rdx, gs:[CONTEXT + 8*2]
        mov     rsi, gs:[CONTEXT + 8*6]
        mov     rdi, gs:[CONTEXT + 8*7]
        mov     r8, gs:[CONTEXT + 8*8]
        mov     r9, gs:[CONTEXT + 8*9]
        mov     r10, gs:[CONTEXT + 8*10]
public tiptoe_app_syscall_insn
        syscall
public tiptoe_app_syscall_done
        pop     rbp
        pop     rbx
        ret
public tiptoe_app_int80_begin
        mov     eax, gs:[CONTEXT + 8*0]
        mov     ecx, gs:[CONTEXT + 8*1]
        mov     edx, gs:[CONTEXT + 8*2]
        mov     ebx, gs:[CONTEXT + 8*3]
        mov     ebp, gs:[CONTEXT + 8*5]
        mov     esi, gs:[CONTEXT + 8*6]
        mov     edi, gs:[CONTEXT + 8*7]
public tiptoe_app_int80_insn
        .byte   0x2e
public tiptoe_app_int80_again
        int     0x80
public tiptoe_app_int80_done
        pop     rbp
        pop     rbx
        ret
public tiptoe_app_syscall_not_made
        mov     rax, -512
        pop     rbp
        pop     rbx
        ret

        // The kernel calls signal handlers with rdi = number, rsi = siginfo, rdx = ucontext, on our
        // alternate stack.
public tiptoe_signal_entry
        clean_flags
        sub     rsp, 8
        call    tiptoe_on_signal
        add     rsp, 8
        ret
public tiptoe_signal_restorer
        xor     edi, edi                // not tiptoe_sigreturn, whose rdi is its rsp
        mov     eax, 15
        jmp     qword ptr [rip + tiptoe_call_site]

        // int tiptoe_set_mask(const u64* mask): rt_sigprocmask, and 0, unless a signal waits. Then all stay
        // blocked.
public tiptoe_set_mask
        mov     rsi, rdi
        mov     edi, 2                  // SIG_SETMASK
        xor     edx, edx
        mov     r10d, 8
public tiptoe_set_mask_begin
        mov     eax, 14
        cmp     dword ptr gs:[PENDING], 0
        jne     tiptoe_set_mask_done
        call    qword ptr [rip + tiptoe_call_site]
public tiptoe_set_mask_done
        ret

        // void tiptoe_sigreturn(ucontext*): continues there; with all signals blocked if one waits.
public tiptoe_sigreturn
        mov     rsp, rdi
public tiptoe_sigreturn_begin
        mov     eax, 15
        cmp     dword ptr gs:[PENDING], 0
        jne     tiptoe_sigreturn_held
        jmp     qword ptr [rip + tiptoe_call_site]
public tiptoe_sigreturn_held
        mov     rcx, BLOCKED_WHILE_HELD
        mov     [rdi + UC_SIGMASK], rcx
        jmp     qword ptr [rip + tiptoe_call_site]

        // u64 tiptoe_safe_copy(to, from, bytes)
public tiptoe_safe_copy
        mov     rcx, rdx
        .globl  tiptoe_safe_copy_fault
        .hidden tiptoe_safe_copy_fault
tiptoe_safe_copy_fault:
        rep movsb
        .globl  tiptoe_safe_copy_recover
        .hidden tiptoe_safe_copy_recover
tiptoe_safe_copy_recover:
        mov     rax, rcx
        ret

        // int tiptoe_x87_store(kind, address, eax, edx): kinds as emulate/x87_store.cpp numbers them. A
        // fault between the two labels ends at tiptoe_x87_store_recover.
        .macro  x87_store kind, instruction:vararg
        cmp     edi, \kind
        jne     1f
        \instruction
        jmp     2f
1:
        .endm
public tiptoe_x87_store
        mov     rax, rdx
        mov     rdx, rcx
        .globl  tiptoe_x87_store_begin
        .hidden tiptoe_x87_store_begin
tiptoe_x87_store_begin:
        x87_store 0, fnstenv [rsi]
        x87_store 1, data16 fnstenv [rsi]
        x87_store 2, fnsave [rsi]
        x87_store 3, data16 fnsave [rsi]
        x87_store 4, fxsave [rsi]
        x87_store 5, fxsave64 [rsi]
        x87_store 6, xsave [rsi]
        x87_store 7, xsave64 [rsi]
        x87_store 8, xsaveopt [rsi]
        x87_store 9, xsaveopt64 [rsi]
        x87_store 10, xsavec [rsi]
        x87_store 11, xsavec64 [rsi]
2:
        .globl  tiptoe_x87_store_end
        .hidden tiptoe_x87_store_end
tiptoe_x87_store_end:
        xor     eax, eax
        ret
        .globl  tiptoe_x87_store_recover
        .hidden tiptoe_x87_store_recover
tiptoe_x87_store_recover:
        mov     eax, 1
        ret

        .section .note.GNU-stack, "", @progbits
