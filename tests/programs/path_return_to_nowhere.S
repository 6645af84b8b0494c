// hazard: 4.2 4.3
// Returns to addresses that are none fault themselves: they are not executed, as the first
// instruction of a block or behind others; also where they have gone elsewhere before.
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
    mov $5, %ebp
1:  lea back(%rip), %r15
    nowhere call function  // there and back
    nowhere call returns
    nowhere jmp returns_alone
    dec %ebp
    jnz 1b
    cmpl $10, faults(%rip)
    expect_equal
    leave

function:
    push %r14
    mov %r15, (%rsp)
    ret
back:
    pop %rax
    push %r15
    nop
    movq $next, (%rsp)
    ret
next:
    jmp *%r12
returns:
    mov %r14, (%rsp)
    ret
returns_alone:
    push %r14
    jmp 2f
2:  ret

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
faults:
    .long 0
    .bss
    .balign 16
alternate_stack:
    .skip 65536
end_program
