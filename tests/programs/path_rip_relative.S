// hazard: 1.12
// RIP-relative operands in instructions of every kind: with and without immediates, all widths,
// prefixes, every register field, SSE, and the address-size prefix.
#include "path_asm.inc"

program
    mov $3, %ebp
again:
    movb $1, cell(%rip)
    movw $0x1234, cell(%rip)
    movl $0x12345678, cell(%rip)
    movq $-2, cell(%rip)
    cmpq $-2, cell(%rip)
    expect_equal
    addq $1, cell(%rip)
    lock addl $1, cell(%rip)
    cmpl $0, cell(%rip)
    expect_equal
    imul $3, value(%rip), %eax
    expect $21, %eax
    imul $1000, value(%rip), %eax
    expect $7000, %eax
    xor %eax, %eax
    mov $7, %eax
    mov $9, %ecx
    lock cmpxchg %ecx, value(%rip)
    expect_equal
    xchg %ecx, value(%rip)
    mov $7, %ecx
    xchg value(%rip), %ecx
    expect $9, %ecx
    lock xadd %ecx, value(%rip)
    expect $7, %ecx
    movl $7, value(%rip)
    shll $2, value(%rip)
    cmpl $28, value(%rip)
    expect_equal
    shrl value(%rip)
    mov $1, %cl
    shrl %cl, value(%rip)
    cmpl $7, value(%rip)
    expect_equal
    btl $2, value(%rip)
    jnc failed
    testb $8, value(%rip)
    jnz failed
    pushq value(%rip)
    popq cell(%rip)
    cmpq $7, cell(%rip)
    expect_equal
    movzbl value(%rip), %r15d
    movslq value(%rip), %r14
    expect %r14, %r15
    notl cell(%rip)
    negl cell(%rip)
    decl cell(%rip)
    cmpl $7, cell(%rip)
    expect_equal
    xor %edx, %edx
    mov $50, %eax
    divl value(%rip)
    expect $7, %eax
    mull value(%rip)
    expect $49, %eax
    sete cell(%rip)
    cmpb $1, cell(%rip)
    expect_equal
    cmovel value(%rip), %eax
    expect $7, %eax
    lea value(%rip), %rbx
    expect (%rbx), %eax
    mov value(%rip), %bl
    movl value(%rip), %ecx
    movd value(%rip), %xmm1
    movdqu block(%rip), %xmm2
    paddd block(%rip), %xmm2
    pshufd $0x1b, block(%rip), %xmm3
    movdqa %xmm2, block_out(%rip)
    cmpl $2, block_out(%rip)
    expect_equal
    pinsrw $1, value(%rip), %xmm3
    cvtsi2sdl value(%rip), %xmm4
    mulsd number(%rip), %xmm4
    comisd number_7(%rip), %xmm4
    expect_equal
    fldl number(%rip)
    fmull number_7(%rip)
    fistpl cell(%rip)
    cmpl $7, cell(%rip)
    expect_equal
    ldmxcsr mxcsr(%rip)
    stmxcsr cell(%rip)
    nopl value(%rip)
    prefetcht0 value(%rip)
    mov value(%eip), %eax  // eip-relative
    expect $7, %eax
    lea value(%eip), %rax
    cmpl $7, (%rax)
    expect_equal
    lock cmpxchg8b block(%rip)
    movnti %eax, cell(%rip)
    dec %ebp
    jnz again
    leave

    .data
    .balign 16
block:
    .long 1, 2, 3, 4
block_out:
    .skip 16
cell:
    .quad 0
value:
    .quad 7
number:
    .double 1.0
number_7:
    .double 7.0
mxcsr:
    .long 0x1f80
end_program
