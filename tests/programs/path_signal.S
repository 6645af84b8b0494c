// hazard: 4.1 4.2
// Signals: sent to oneself, nested, on another stack; faults whose handler moves the pc.
#include "path_asm.inc"

#define SIGILL 4
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SA_FLAGS 0x0c000004  // SA_SIGINFO | SA_RESTORER | SA_ONSTACK
// Offsets in a ucontext: 40 bytes of head, then r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
#define CONTEXT_R12 72
#define CONTEXT_RBX 128
#define CONTEXT_RIP 168

.macro handle signal, handler
    lea \handler(%rip), %rax
    mov %rax, action(%rip)
    mov $\signal, %edi
    lea action(%rip), %rsi
    xor %edx, %edx
    mov $8, %r10d
    system SYS_rt_sigaction
    expect $0, %rax
.endm

.macro send signal
    system SYS_getpid
    mov %eax, %edi
    mov $\signal, %esi
    system SYS_kill
.endm

program
    lea alternate(%rip), %rdi
    xor %esi, %esi
    system SYS_sigaltstack
    handle SIGUSR1, on_usr1
    handle SIGUSR2, on_usr2
    handle SIGSEGV, on_fault
    handle SIGILL, on_fault

    mov $6, %ebp  // a loop, so that blocks are linked around the signals
1:  send SIGUSR1
    dec %ebp
    jnz 1b
    cmpl $6, usr1_count(%rip)
    expect_equal

    send SIGUSR2  // sends SIGUSR1 from its handler
    cmpl $7, usr1_count(%rip)
    expect_equal
    cmpl $1, usr2_count(%rip)
    expect_equal

    mov $3, %ebp
2:  xor %ebx, %ebx
    lea 3f(%rip), %r12
    mov 8(%rbx), %rax  // a fault in the middle of a block
    jmp failed
3:  expect $77, %rbx  // the handler's change of the context

    lea 4f(%rip), %r12
    ud2
4:  lea 5f(%rip), %r12
    mov $0x10, %eax
    jmp *%rax  // a jump to nowhere
5:  lea 6f(%rip), %r12
    xor %ebx, %ebx
    call *%rbx  // a call to nowhere: the return address has been pushed
6:  pop %rax
    dec %ebp
    jnz 2b
    cmpl $12, faults(%rip)
    expect_equal
    leave

on_usr1:
    incl usr1_count(%rip)
    ret
on_usr2:
    incl usr2_count(%rip)
    push %rbx
    send SIGUSR1
    pop %rbx
    ret
on_fault:  // goes on where r12 said
    incl faults(%rip)
    mov CONTEXT_R12(%rdx), %rax
    mov %rax, CONTEXT_RIP(%rdx)
    movq $77, CONTEXT_RBX(%rdx)
    ret
restorer:
    system SYS_rt_sigreturn

    .data
    .balign 8
action:
    .quad 0, SA_FLAGS, restorer, 0
alternate:
    .quad alternate_stack, 0, 65536
usr1_count:
    .long 0
usr2_count:
    .long 0
faults:
    .long 0
    .bss
    .balign 16
alternate_stack:
    .skip 65536
end_program
