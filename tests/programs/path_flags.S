// hazard: 2.2
// Flags that live across branches of every kind: adc chains, cmov and setcc, lahf and sahf, pushf and
// popf, the direction flag.
#include "path_asm.inc"

.macro set_flags value  // sets the flags
    push $\value
    popf
.endm

program
    mov $5, %ebp
again:
    xor %eax, %eax
    xor %edx, %edx
    mov $9, %ecx
    stc
1:  adc $0x7fffffff, %eax  // the carry lives through the loop branch
    adc $0, %edx
    jmp 2f
2:  lea 3f(%rip), %rbx
    jmp *%rbx
3:  call 4f
    loop 1b
    jmp 5f
4:  ret
5:  mov %eax, %esi
    mov %edx, %edi

    .irp flags, 0x202, 0x203, 0x206, 0x212, 0x242, 0x282, 0xa02, 0xad7
    set_flags \flags
    jmp 6f
6:  call 4b
    pushf
    pop %rax
    and $0x8d5, %eax
    expect $\flags & 0x8d5, %eax
    .endr

    set_flags 0xa43
    mov $1, %eax
    mov $2, %ecx
    cmovo %ecx, %eax
    jno failed
    cmovc %eax, %ecx
    cmovs %rsp, %rax
    lahf
    jmp 7f
7:  expect $0x43, %ah
    sahf
    jnc failed
    jnz failed

    stc  // inc and dec leave the carry alone
    inc %eax
    jnc failed
    dec %eax
    jnc failed
    cmc
    jc failed
    rcl $1, %eax
    bt $0, %eax
    rcr $1, %eax
    clc
    sbb %eax, %eax
    test %eax, %eax
    expect_equal

    std  // the direction flag through branches and calls
    call 8f
    cld
    lea text(%rip), %rsi
    lodsb
    expect $'a', %al
    lodsb
    expect $'b', %al
    mov $3, %cl  // shifts by a register: flags stay when the count is zero
    xor %eax, %eax
    stc
    mov $0, %cl
    shl %cl, %eax
    jnc failed
    mul %ecx
    mov $0xff, %al
    add $1, %al
    dec %ebp
    jnz again
    leave

8:  lea text + 1(%rip), %rsi
    lodsb
    expect $'b', %al
    lodsb
    expect $'a', %al
    ret

    .section .rodata
text:
    .ascii "ab"
end_program
