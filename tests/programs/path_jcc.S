// Every conditional branch, taken and not taken, in its short and its near form.
//
// For each of the flag patterns below, popf sets the flags and all sixteen conditions are tried; the
// conditions found true are collected in a mask and compared with what setcc says.
#include "path_asm.inc"

.macro try condition, bit
    j\condition 1f  // short
    jmp 2f
1:  or $1 << \bit, %r12d
2:  push %r13
    popf
    .byte 0x0f, 0x80 + \bit  // near, forwards
    .long 1f - . - 4
    jmp 2f
1:  or $1 << \bit, %r14d
2:  push %r13
    popf
    set\condition %al
    movzbl %al, %eax
    shl $\bit, %eax
    or %eax, %ebx
    push %r13
    popf
.endm

program
    lea patterns(%rip), %r15
next_pattern:
    mov (%r15), %r13
    test %r13, %r13
    jz backwards
    xor %r12d, %r12d
    xor %r14d, %r14d
    xor %ebx, %ebx
    push %r13
    popf
    try o, 0
    try no, 1
    try b, 2
    try ae, 3
    try e, 4
    try ne, 5
    try be, 6
    try a, 7
    try s, 8
    try ns, 9
    try p, 10
    try np, 11
    try l, 12
    try ge, 13
    try le, 14
    try g, 15
    expect %r12d, %r14d
    expect %r12d, %ebx
    add $8, %r15
    jmp next_pattern

backwards:
    mov $3, %ecx
1:  dec %ecx
    .byte 0x0f, 0x85  // jnz near, backwards
    .long 1b - . - 4
    .byte 0x3e  // a branch hint
    jz 2f
    jmp failed
2:  leave

    .section .rodata
    .balign 8
patterns:  // bit 1 is always set; CF 0x1 PF 0x4 AF 0x10 ZF 0x40 SF 0x80 OF 0x800
    .quad 0x202, 0x203, 0x206, 0x242, 0x282, 0xa02, 0x243, 0xa82, 0xac2, 0xa43, 0x8d7, 0x287, 0
end_program
