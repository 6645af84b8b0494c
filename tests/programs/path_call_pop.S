// hazard: 1.2 1.3
// call to the next instruction and pop, push and ret, returns past inline data and to edited addresses.
#include "path_asm.inc"

program
    mov $20, %ebx
1:  call 2f  // where am I
2:  pop %rax
    lea 2b(%rip), %rcx
    expect %rax, %rcx
    dec %ebx
    jnz 1b

    mov $20, %ebx
3:  lea 4f(%rip), %rax  // push and ret as a jump
    push %rax
    ret
    ud2
4:  dec %ebx
    jnz 3b

    lea 5f(%rip), %rax  // ret with an immediate, without a call
    push $99
    push %rax
    ret $8
    ud2

5:  mov $20, %ebx
6:  call skip_text  // data after a call
    .asciz "not code"
    dec %ebx
    jnz 6b

    mov $9, %ebx  // a callee that returns to one of three places
7:  call elsewhere
    ud2
8:  dec %ebx
    jnz 7b

    call retpoline
    ud2
9:  call two_levels  // returns over the head of its caller
    leave

skip_text:
    mov (%rsp), %rsi
10: lodsb
    test %al, %al
    jnz 10b
    mov %rsi, (%rsp)
    ret

elsewhere:
    mov %ebx, %eax
    xor %edx, %edx
    mov $3, %ecx
    div %ecx
    lea places(%rip), %rcx
    mov (%rcx, %rdx, 8), %rax
    mov %rax, (%rsp)
    ret
place_0:
    nop
place_1:
    nop
place_2:
    jmp 8b

retpoline:
    lea 9b(%rip), %rax
    call 11f
12: pause
    lfence
    jmp 12b
11: mov %rax, (%rsp)
    ret

two_levels:
    call 13f
    ud2
13: add $8, %rsp
    ret

    .section .rodata
    .balign 8
places:
    .quad place_0, place_1, place_2
end_program
