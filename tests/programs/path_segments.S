// hazard: 2.7
// The program's own use of gs and fs: set by arch_prctl, read back, used in every kind of operand.
#include "path_asm.inc"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

.macro arch_prctl what, where
    mov $\what, %edi
    lea \where(%rip), %rsi
    system SYS_arch_prctl
    expect $0, %rax
.endm

program
    arch_prctl ARCH_SET_GS, area_1
    arch_prctl ARCH_SET_FS, area_2
    mov $5, %ebp
1:  mov %gs:0, %rax
    expect $11, %rax
    mov %fs:0, %rax
    expect $21, %rax
    mov $8, %ebx
    add %gs:(%rbx), %rax
    expect $33, %rax
    addq $1, %gs:8(%rbx)
    mov %gs:16, %rcx
    sub %fs:8(, %rbx, 1), %rcx
    incq %gs:24
    mov %rcx, %gs:32
    push %gs:0
    pop %fs:40
    cmpq $11, %fs:40
    expect_equal
    mov $1, %eax
    lock xadd %rax, %gs:24
    .byte 0x65  // lea does not care
    lea 8(%rbx), %rdx
    expect $16, %rdx
    mov $0x1234567800000000, %rax  // addresses of 32 bits that only the instruction computes
    lea 16(%rax), %rsi
    addr32 lodsq %gs:(%esi)
    expect $24, %rsi
    mov $0x1234567800000000, %rax
    lea 8(%rax), %rsi
    lea answer(%rax), %rdi
    lea 8(%rax), %rcx
    addr32 rep movsb %gs:(%esi), %es:(%edi)
    expect $0, %rcx
    mov $-1, %rdx
    mov $40, %ecx
    btc %rdx, %gs:(%ecx)
    btc %rdx, %gs:(%ecx)
    movdqu %gs:0, %xmm0
    movdqu %xmm0, %fs:48
    cmpq $11, %fs:48
    expect_equal
    call *%gs:64
    jmp *%gs:72
    ud2
2:  dec %ebp
    jnz 1b
    cmpq $18, area_1 + 16(%rip)
    expect_equal
    cmpq $10, area_1 + 24(%rip)
    expect_equal

    arch_prctl ARCH_GET_GS, answer
    lea area_1(%rip), %rax
    expect %rax, answer(%rip)
    arch_prctl ARCH_GET_FS, answer
    lea area_2(%rip), %rax
    expect %rax, answer(%rip)

    arch_prctl ARCH_SET_GS, area_2  // and moved
    mov %gs:0, %rax
    expect $21, %rax
    mov %gs, %eax
    expect $0, %eax
    leave

leaf:
    ret

    .data
    .balign 16
area_1:
    .quad 11, 12, 13, 0, 0, 0, 0, 0, leaf, 2b
area_2:
    .quad 21, 22, 23, 0, 0, 0, 0, 0, 0, 0
answer:
    .quad 0
end_program
