// hazard: 3.1 2.2
// Hazard: rcx and r11 behind a system call are the address behind it and the flags, whatever the call
// was; all other registers are kept; flags that a program may set (AC, DF, ID, NT, and the status)
// survive calls, branches and pushf; IF and IOPL do not change by popf. Exits with 0, or with the
// number of the round and check that went wrong.
#include "path_asm.inc"
program
    xor %ebx, %ebx
    .macro check_call number, flags
    inc %ebx
    mov %rsp, %rbp
    mov $0x1234567812345678, %r8
    mov %r8, %r9
    mov %r8, %r12
    mov %r8, %r13
    mov %r8, %r14
    mov %r8, %r15
    mov $0x777, %edi
    mov $0x888, %esi
    mov $0x999, %edx
    mov $0xaaa, %r10d
    push $\flags
    popfq
    mov $\number, %eax
    syscall
100: mov %r11, %r11
    pushfq
    push $0x202
    popfq
    pop %rax
    cmp %rax, %r11
    jne wrong
    and $0xcd5 | 0x244000, %eax
    cmp $\flags, %eax
    jne wrong
    lea 100b(%rip), %rax
    cmp %rax, %rcx
    jne wrong
    mov $0x1234567812345678, %rax
    cmp %rax, %r8
    jne wrong
    cmp %rax, %r9
    jne wrong
    cmp %rax, %r12
    jne wrong
    cmp %rax, %r15
    jne wrong
    cmp $0x777, %edi
    jne wrong
    cmp $0x888, %esi
    jne wrong
    cmp $0x999, %edx
    jne wrong
    cmp $0xaaa, %r10d
    jne wrong
    cmp %rsp, %rbp
    jne wrong
    .endm
    .irp flags, 0, 0xcd5, 0x400, 0x801, 0x4000, 0x200000, 0x204cd5, 0x40cd5
    check_call SYS_getpid, \flags
    check_call 9999, \flags
    check_call SYS_munmap, \flags            // fails
    check_call SYS_rt_sigaction, \flags      // fails; wrapped
    check_call 24, \flags                    // sched_yield
    .endr
    // IF and IOPL stay; reserved bits stay; RF and VM read as zero.
    inc %ebx
    push $-1
    andl $~0x100, (%rsp)
    popfq
    pushfq
    push $0x202
    popfq
    pop %rax
    mov $0x244ed7, %ecx
    cmp %rax, %rcx
    jne wrong
    inc %ebx
    push $0
    popfq
    pushfq
    pop %rax
    cmp $0x202, %eax
    jne wrong
    // 16 bits
    inc %ebx
    push $0x200000
    popfq
    pushw $0xcd5
    popfw
    pushfq
    pop %rax
    cmp $0x200ed7 - 0, %eax
    jne wrong
    push $0x202
    popfq
    leave 0
wrong:
    push $0x202
    popfq
    mov %ebx, %edi
    mov $SYS_exit, %eax
    syscall
end_program
