// hazard: 1.7
// Jumps into the middle of instructions: the same bytes run as two different streams.
#include "path_asm.inc"

program
    mov $5, %ebx
1:  xor %eax, %eax
    jmp inside + 1
inside:
    .byte 0xb8  // mov $imm32, %eax over the next two instructions
    inc %eax
    jmp 2f
    .byte 0x90
2:  cmp $1, %eax
    jne failed
    test %ebx, %ebx  // now from its start: the immediate is the two instructions' bytes
    call from_start
    dec %ebx
    jnz 1b
    leave

from_start:
    jmp again
    .balign 16
again:
    .byte 0x3d  // cmp $imm32, %eax
hidden:
    .byte 0xeb, 0x04, 0x90, 0x90  // jmp +4
    jmp hidden
    nop
    nop
    ret
end_program
