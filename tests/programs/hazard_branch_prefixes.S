// hazard: 1.9
// Hazard: prefixes on branches, which mean nothing or a hint: bnd, notrack, branch hints, segments,
// repeat, operand size (ignored by Intel's processors for near branches). Taken and not taken; exits
// with 0, or 1 when a branch went astray.
#include "path_asm.inc"
program
    mov $200, %ebx
again:
    .irp prefix, 0xf2, 0x2e, 0x3e, 0x26, 0x36, 0x64, 0x65, 0xf3, 0x67, 0x48
    // jcc, short and near
    cmp %eax, %eax
    .byte \prefix, 0x74, 2
    ud2
    .byte \prefix, 0x75, 2
    jmp 1f
    ud2
1:  .byte \prefix, 0x0f, 0x84
    .long 2
    ud2
    .byte \prefix, 0x0f, 0x85
    .long 2
    jmp 1f
    ud2
    // jmp, call, ret
1:  .byte \prefix, 0xe9
    .long 2
    ud2
    .byte \prefix, 0xeb, 2
    ud2
    .byte \prefix, 0xe8
    .long 2
    jmp 1f
    .byte \prefix, 0xc3
    ud2
    // by register
1:  lea 1f(%rip), %rax
    .byte \prefix, 0xff, 0xe0
    ud2
1:  lea 2f(%rip), %rax
    .byte \prefix, 0xff, 0xd0
    jmp 3f
    ud2
2:  .byte \prefix, 0xc2, 0, 0
    ud2
3:
    .endr
    .irp prefix, 0xf2, 0x2e, 0x3e, 0x26, 0x36, 0xf3, 0x48
    lea 1f(%rip), %rax
    mov %rax, pointer(%rip)
    lea pointer(%rip), %r15
    .byte \prefix, 0x41, 0xff, 0x27
    ud2
1:  lea 2f(%rip), %rax
    mov %rax, pointer(%rip)
    .byte \prefix, 0xff, 0x14, 0x25
    .long pointer
    jmp 3f
    ud2
2:  .byte \prefix, 0xf2, 0xc3
    ud2
3:  mov $2, %ecx
4:  nop
    .byte \prefix, 0xe2, -4
    .byte \prefix, 0xe3, 2
    ud2
    .endr
    // Several at once, up to the longest.
    .byte 0xf2, 0x3e, 0x2e, 0xe9
    .long 2
    ud2
    .byte 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0xe9
    .long 2
    ud2
    .byte 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0xeb, 2
    ud2
    endbr64
    // Elision hints on locked instructions.
    .byte 0xf2, 0xf0, 0x83, 0x04, 0x25     // xacquire lock addl
    .long pointer
    .byte 1
    .byte 0xf3, 0xf0, 0x83, 0x2c, 0x25     // xrelease lock subl
    .long pointer
    .byte 1
    .byte 0xf3, 0xc7, 0x04, 0x25           // xrelease movl
    .long pointer, 7
    dec %ebx
    jnz again
    leave 0
    .data
    .balign 8
pointer: .quad 0
end_program
