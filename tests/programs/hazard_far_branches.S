// hazard: 1.10
// Hazard: far branches. To the program's own code segment they are like near ones, in all operand
// sizes; a selector that is no code segment faults at the branch; iretq sets flags and stack at once.
// Exits with 40; at the first check that fails with the number of those before it.
#include "path_asm.inc"
program
    mov $1, %ebx
    // lretq, lretl, with and without bytes to release
    mov %rsp, %rbp
    push $0x33
    lea 1f(%rip), %rax
    push %rax
    lretq
    jmp wrong
1:  cmp %rsp, %rbp
    jne wrong
    inc %ebx
    sub $24, %rsp
    movl $2f, (%rsp)
    movl $0x33, 4(%rsp)
    lretl $16
    jmp wrong
2:  cmp %rsp, %rbp
    jne wrong
    inc %ebx
    // ljmp through memory, 32 and 64 bits wide; the privilege bits of the selector do not matter
    movl $3f, far
    movw $0x33, far+4
    ljmp *far
    jmp wrong
3:  inc %ebx
    movq $4f, far
    movw $0x30, far+8
    rex.w ljmp *far(%rip)
    jmp wrong
4:  inc %ebx
    // lcall pushes the selector too
    movw $0x33, far+8
    movq $5f, far
    rex.w lcall *far
6:  cmp %rsp, %rbp
    jne wrong
    inc %ebx
    jmp 7f
5:  cmpq $6b, (%rsp)
    jne wrong
    cmpq $0x33, 8(%rsp)
    jne wrong
    inc %ebx
    lretq
7:  movl $8f, far
    movw $0x33, far+4
    lea far(%rip), %r15
    lcall *(%r15)
9:  cmp %rsp, %rbp
    jne wrong
    inc %ebx
    jmp 10f
8:  cmpl $9b, (%rsp)
    jne wrong
    cmpl $0x33, 4(%rsp)
    jne wrong
    inc %ebx
    lretl
    // iretq: flags and stack
10: mov %ss, %eax
    push %rax
    lea -256(%rbp), %rcx
    push %rcx
    push $0x0cd7          // OF, DF, SF, ZF, AF, PF, CF
    push $0x33
    lea 11f(%rip), %rdx
    push %rdx
    iretq
    jmp wrong
11: jno wrong
    jnz wrong
    jnc wrong
    jns wrong
    jnp wrong
    pushfq
    pop %rax
    cld
    lea -256(%rbp), %rcx
    cmp %rcx, %rsp
    jne wrong
    and $0xcd5, %eax
    cmp $0xcd5, %eax
    jne wrong
    inc %ebx
    mov %rbp, %rsp

    // Faults: the handler wants the pc of the branch, and goes on at r12.
    lea stack(%rip), %rdi
    xor %esi, %esi
    system SYS_sigaltstack
    mov $11, %edi         // SIGSEGV
    lea action(%rip), %rsi
    xor %edx, %edx
    mov $8, %r10d
    system SYS_rt_sigaction
    .macro expect_fault instruction:vararg
    lea 100f(%rip), %r13
    lea 101f(%rip), %r12
    mov %rsp, %r14
100: \instruction
    jmp wrong
101: mov %r14, %rsp
    inc %ebx
    .endm
    movl $wrong, far
    movw $0, far+4
    expect_fault ljmp *far
    movw $0x2b, far+4     // data
    expect_fault ljmp *far
    movw $0x10, far+4     // the kernel's
    expect_fault lcall *far
    movw $0xfff8, far+4   // beyond the table
    expect_fault ljmp *far
    movw $0x0f, far+4     // the local table, which is empty
    expect_fault ljmp *far
    movabs $0x8000000000000000, %rax
    mov %rax, far
    movw $0x33, far+8
    expect_fault rex.w ljmp *far
    push $0x30            // a return must not raise the privilege
    push $wrong
    expect_fault lretq
    push $0x2b
    push $wrong
    expect_fault lretq
    push $0x33
    push %rax
    expect_fault lretq
    push $0
    push %rsp
    push $0x202
    push $0x33
    push $wrong
    expect_fault iretq
    mov $8, %rax
    expect_fault ljmp *(%rax)
    mov $8, %rsp
    expect_fault lretq
    mov %rbp, %rsp
    movq $0, far
    expect_fault sysretq
    expect_fault swapgs
    lea 16(%rbx), %edi
    mov $SYS_exit, %eax
    syscall
wrong:
    mov %ebx, %edi
    mov $SYS_exit, %eax
    syscall

handler:                  // rdx: ucontext; rip at 168, r12 at 72, r13 at 80
    mov 168(%rdx), %rax
    cmp 80(%rdx), %rax
    jne wrong
    mov 72(%rdx), %rax
    mov %rax, 168(%rdx)
    ret
restorer:
    mov $SYS_rt_sigreturn, %eax
    syscall

    .data
action: .quad handler, 0x0c000004, restorer, 0   // SA_SIGINFO, SA_ONSTACK, SA_RESTORER
far: .quad 0, 0
stack: .quad stack_base, 0, 65536
    .bss
stack_base: .skip 65536
end_program
