// hazard: 2.1
// The red zone is the program's, and rsp may hold anything between two branches.
#include "path_asm.inc"

program
    mov %rsp, %r12
    mov $16, %ecx
1:  mov %rcx, -128(%rsp)  // survives branches of every kind
    mov %rcx, -8(%rsp)
    jmp 2f
2:  lea 3f(%rip), %rax
    jmp *%rax
3:  test $1, %cl
    jz 4f
    nop
4:  expect -128(%rsp), %rcx
    expect -8(%rsp), %rcx
    dec %ecx
    jnz 1b

    mov $16, %ecx  // rsp as an ordinary register
5:  mov $0x10, %esp
    add %rcx, %rsp
    jmp 6f
6:  sub %rcx, %rsp
    lea 7f(%rip), %rax
    jmp *%rax
7:  cmp $0x10, %rsp
    jne failed
    dec %ecx
    jnz 5b

    movabs $0x8000000000000000, %rsp  // not even an address
    mov $8, %ecx
8:  loop 8b
    rol $1, %rsp
    cmp $1, %rsp
    jne failed
    mov %r12, %rsp
    call 9f
    leave
9:  ret
end_program
