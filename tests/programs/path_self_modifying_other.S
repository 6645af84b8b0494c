// hazard: 5.2
// Code that is changed between two calls: the immediate of a mov, a branch's target, all of it.
#include "path_asm.inc"

program
    map_code_page
    mov $6, %ebx
1:  mov $CODE_AT, %edi  // mov $ebx, %eax; ret
    movb $0xb8, (%rdi)
    mov %ebx, 1(%rdi)
    movb $0xc3, 5(%rdi)
    mov $CODE_AT, %eax
    call *%rax
    expect %eax, %ebx
    dec %ebx
    jnz 1b

    mov $20, %ebx  // a patch while the caller's block stays linked to it
2:  mov %bl, CODE_AT + 1
    mov $CODE_AT, %eax
    call *%rax
    expect %eax, %ebx
    dec %ebx
    jnz 2b

    lea code(%rip), %rsi  // a branch whose target is moved
    mov $CODE_AT, %edi
    mov $code_end - code, %ecx
    rep movsb
    mov $4, %ebx
3:  mov $CODE_AT, %eax
    call *%rax
    expect $1, %eax
    movb $code_two - code_branch - 2, CODE_AT + code_branch - code + 1
    mov $CODE_AT, %eax
    call *%rax
    expect $2, %eax
    movb $code_one - code_branch - 2, CODE_AT + code_branch - code + 1
    dec %ebx
    jnz 3b
    leave

code:
    xor %eax, %eax
code_branch:
    jmp code_one
    ud2
code_one:
    mov $1, %eax
    ret
code_two:
    mov $2, %eax
    ret
code_end:
end_program
