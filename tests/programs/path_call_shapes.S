// hazard: 1.4
// Calls and jumps through registers and memory of every shape, and returns with an immediate.
#include "path_asm.inc"

.macro call_register register
    lea count_up(%rip), %\register
    call *%\register
    lea count_up(%rip), %\register
    call *%\register
.endm

program
    xor %ebp, %ebp
    call_register rax
    call_register rcx
    call_register rdx
    call_register rbx
    call_register rsi
    call_register rdi
    call_register r8
    call_register r9
    call_register r10
    call_register r11
    call_register r12
    call_register r13
    call_register r14
    call_register r15
    expect $28, %ebp

    call *pointer(%rip)
    lea pointer(%rip), %rbx
    call *(%rbx)
    mov $1, %ecx
    call *-8(%rbx, %rcx, 8)
    call *table(, %rcx, 8)  // an absolute address
    push %rbx
    lea count_up(%rip), %rax
    push %rax
    call *(%rsp)  // relative to rsp, read before the push of the return address
    call *8 - 8(%rsp)
    pop %rax
    pop %rbx
    expect $34, %ebp

    push $1  // ret with an immediate takes its arguments away
    push $2
    push $3
    mov %rsp, %r12
    call take_three
    sub %rsp, %r12
    expect $-24, %r12
    call take_none

    lea 1f(%rip), %rax
    jmp *%rax
    ud2
1:  lea 2f(%rip), %rax
    push %rax
    jmp *(%rsp)
    ud2
2:  pop %rax
    lea 3f(%rip), %rax
    mov %rax, slot(%rip)
    jmp *slot(%rip)
    ud2
3:  call tail
    expect $37, %ebp
    leave

count_up:
    inc %ebp
    ret
take_three:
    mov 8(%rsp), %rax
    add 16(%rsp), %rax
    add 24(%rsp), %rax
    cmp $6, %rax
    jne failed
    ret $24
take_none:
    inc %ebp
    ret $0
tail:  // a tail call, then one more by a conditional branch
    inc %ebp
    test %rsp, %rsp
    jnz count_up
    ud2

    .data
pointer:
    .quad count_up
table:
    .quad 0, count_up
slot:
    .quad 0
end_program
