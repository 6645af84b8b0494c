// Flags survive an indirect branch whose guessed target is wrong: what was guessed overwrites them, where
// it really leads uses them.
#include "path_asm.inc"

program
    mov $5, %r12d
1:  lea overwrites(%rip), %rax
    jmp branch
back:
    dec %r12d
    jnz 1b
    lea uses_carry(%rip), %rax
    stc
    jmp branch
branch:
    jmp *%rax  // has learnt `overwrites`
overwrites:
    cmp $1, %edx
    jmp back
uses_carry:
    jnc failed
    lea uses_zero(%rip), %rax
    xor %ecx, %ecx
    jmp branch
uses_zero:
    jne failed
    leave 0
failed:
    leave 1
