// hazard: 4.2 4.3
// Jumps, calls and returns to addresses that are none fault themselves: they are not executed, as
// the first instruction of a block or behind others. (Plain returns: path_return_to_nowhere.)
#include "path_asm.inc"

#define SIGSEGV 11
#define SA_FLAGS 0x0c000004  // SA_SIGINFO | SA_RESTORER | SA_ONSTACK
#define CONTEXT_R12 72
#define CONTEXT_R13 80
#define CONTEXT_RSP 160
#define CONTEXT_RIP 168

// Goes on behind itself when the branch at `at` has faulted.
.macro nowhere at:vararg
    lea 9f(%rip), %r12
    mov %rsp, %r13
    \at
9:
.endm

program
    lea alternate(%rip), %rdi
    xor %esi, %esi
    system SYS_sigaltstack
    mov $SIGSEGV, %edi
    lea action(%rip), %rsi
    xor %edx, %edx
    mov $8, %r10d
    system SYS_rt_sigaction
    expect $0, %rax

    movabs $0x4141414141414141, %r14
    mov %r14, target(%rip)
    mov $5, %ebp
1:  nowhere jmp *%r14
    nowhere call *%r14
    nowhere jmp *target(%rip)
    nowhere call *target(%rip)
    nowhere jmp alone
    nowhere call returns_more
    dec %ebp
    jnz 1b
    cmpl $30, faults(%rip)
    expect_equal
    leave

alone:
    jmp *%r14
returns_more:
    mov %r14, (%rsp)
    ret $8

on_fault:  // goes on where r12 said, on the stack that r13 said
    incl faults(%rip)
    mov CONTEXT_R12(%rdx), %rax
    mov %rax, CONTEXT_RIP(%rdx)
    mov CONTEXT_R13(%rdx), %rax
    mov %rax, CONTEXT_RSP(%rdx)
    ret
restorer:
    system SYS_rt_sigreturn

    .data
    .balign 8
action:
    .quad on_fault, SA_FLAGS, restorer, 0
alternate:
    .quad alternate_stack, 0, 65536
target:
    .quad 0
faults:
    .long 0
    .bss
    .balign 16
alternate_stack:
    .skip 65536
end_program
