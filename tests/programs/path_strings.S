// hazard: 6.21
// String instructions with rep, repe and repne: none, one, many; forwards and backwards; all widths.
#include "path_asm.inc"

program
    lea text(%rip), %rsi
    lea buffer(%rip), %rdi
    mov $text_end - text, %ecx
    rep movsb
    expect $0, %rcx

    lea text(%rip), %rsi
    lea buffer(%rip), %rdi
    mov $text_end - text, %ecx
    repe cmpsb
    expect_equal

    lea buffer(%rip), %rdi
    mov $'q', %al
    mov $100, %ecx
    repne scasb
    lea buffer(%rip), %rax
    sub %rax, %rdi
    expect $5, %rdi

    lea buffer(%rip), %rdi
    xor %ecx, %ecx
    rep stosb  // none at all: still one instruction
    mov $1, %ecx
    rep stosb
    mov $9, %ecx
    mov $-1, %rax
    rep stosq
    mov $9, %ecx
    rep stosl
    mov $9, %ecx
    rep stosw

    lea buffer + 1(%rip), %rdi
    mov $9, %ecx
    repe scasq
    expect_equal

    std  // backwards
    lea text_end - 1(%rip), %rsi
    lea buffer + 63(%rip), %rdi
    mov $8, %ecx
    rep movsb
    cld
    lea buffer + 56(%rip), %rsi
    lea text_end - 8(%rip), %rdi
    cmpsq
    expect_equal

    mov $0x1234567800000000, %rax  // addresses and count of 32 bits
    lea text(%rax), %rsi
    lea buffer(%rax), %rdi
    lea 9(%rax), %rcx
    addr32 rep movsb
    expect $0, %rcx
    expect $buffer + 9, %rdi
    std
    lea text + 8(%rax), %rsi
    lea buffer + 8(%rax), %rdi
    lea 9(%rax), %rcx
    addr32 repe cmpsb
    expect_equal
    lea text + 8(%rax), %rsi
    lea buffer + 8(%rax), %rdi
    lea 2(%rax), %rcx
    addr32 rep movsl
    cld
    expect $buffer, %rdi

    mov $3, %ebx  // single ones, in a loop
    lea text(%rip), %rsi
    lea buffer(%rip), %rdi
1:  lodsb
    stosb
    movsw
    lodsl
    scasb
    dec %ebx
    jnz 1b

    lea text(%rip), %rsi  // the 32-bit address forms
    lea buffer(%rip), %rdi
    mov $16, %ecx
    .byte 0x67
    rep movsb
    lea text(%rip), %rsi
    mov $3, %ecx
    rep lodsq
    leave

    .section .rodata
text:
    .ascii "The quick brown fox jumps over the lazy dog and goes on"
text_end:
    .bss
    .balign 16
buffer:
    .skip 256
end_program
