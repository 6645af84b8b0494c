// Loops: nested, counted up and down, with the test at the top and at the bottom, one instruction long.
#include "path_asm.inc"

program
    xor %eax, %eax
    mov $7, %ecx
outer:
    mov $5, %edx
inner:
    add %edx, %eax
    dec %edx
    jnz inner
    dec %ecx
    jnz outer
    expect $105, %eax

    xor %ebx, %ebx
top:
    cmp $40, %ebx
    jge done
    inc %ebx
    test $3, %bl
    jz top
    add $1, %ebx
    jmp top
done:
    expect $40, %ebx

    mov $30, %ecx
self:
    loop self  // a block that is its own successor
    test %rcx, %rcx
    expect_equal

    mov $30, %ecx  // longer than a rel8 loop body
far:
    dec %ecx
    .rept 40
    lea 1(%rax), %rax
    .endr
    jnz far
    expect $1305, %eax
    leave
end_program
