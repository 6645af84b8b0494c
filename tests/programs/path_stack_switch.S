// hazard: 1.5
// Two coroutines with stacks of their own, and a longjmp out of a deep recursion.
#include "path_asm.inc"

program
    lea stack_end(%rip), %rax  // the other one starts by returning to its first instruction
    lea other(%rip), %rcx
    mov %rcx, -8(%rax)
    lea -8(%rax), %rbx
    mov $15, %ebp
1:  call switch
    dec %ebp
    jnz 1b
    expect $15, %r12d

    mov $3, %r13d
2:  lea 4f(%rip), %r14  // setjmp
    mov %rsp, %r15
    mov $12, %ecx
    call deep
    ud2
4:  dec %r13d
    jnz 2b
    leave

switch:
    xchg %rsp, %rbx
    ret

other:
    xor %r12d, %r12d
5:  inc %r12d
    call switch
    jmp 5b

deep:
    dec %ecx
    jz 6f
    call deep
    ret
6:  mov %r15, %rsp  // longjmp
    jmp *%r14

    .bss
    .balign 16
    .skip 4096
stack_end:
end_program
