// hazard: 5.1
// Code that changes an instruction ahead of itself in its own straight path, and then runs it.
#include "path_asm.inc"

program
    map_code_page
    lea code(%rip), %rsi
    mov $CODE_AT, %edi
    mov $code_end - code, %ecx
    rep movsb
    mov $8, %ebx
1:  mov $CODE_AT, %eax
    call *%rax
    expect %eax, %ebx
    dec %ebx
    jnz 1b
    leave

code:  // copied to CODE_AT
    xor %eax, %eax
    mov %ebx, code_patched + 1(%rip)
    nop
code_patched:
    mov $0x11223344, %eax
    ret
code_end:
end_program
