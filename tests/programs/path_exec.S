// hazard: 3.7
// The program executes itself once more, with an argument; each image has its own path. A failing
// execve before it changes nothing.
#include "path_asm.inc"

program
    cmpq $1, (%rsp)  // argc
    jne second

    lea nothing(%rip), %rdi
    lea arguments(%rip), %rsi
    xor %edx, %edx
    system SYS_execve
    expect $-2, %rax

    mov 8(%rsp), %rdi  // argv[0] is a path
    lea arguments(%rip), %rsi
    xor %edx, %edx
    system SYS_execve
    jmp failed

second:
    mov $25, %ecx
1:  loop 1b
    cmpq $2, (%rsp)
    expect_equal
    leave

    .data
    .balign 8
arguments:
    .quad name, name, 0
name:
    .asciz "again"
nothing:
    .asciz "/nonexistent/program"
end_program
