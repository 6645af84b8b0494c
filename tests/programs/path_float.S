// x87 and SSE state that lives across branches, calls and system calls; branches on its comparisons.
#include "path_asm.inc"

program
    fninit
    fldz
    fld1
    movsd one(%rip), %xmm15
    xorpd %xmm0, %xmm0
    movdqu pattern(%rip), %xmm7
    mov $20, %ebp
1:  addsd %xmm15, %xmm0
    fadd %st(0), %st(1)
    call square_root
    ucomisd limit(%rip), %xmm0
    jp failed
    ja 2f
    nop
2:  fcomi %st(1), %st(0)
    jb 3f
    nop
3:  system SYS_getpid
    lea 4f(%rip), %rax
    jmp *%rax
4:  dec %ebp
    jnz 1b
    fstp %st(0)
    fistpl cell(%rip)
    cmpl $20, cell(%rip)
    expect_equal
    cvtsd2si %xmm0, %eax
    expect $20, %eax
    movdqu pattern(%rip), %xmm1
    pcmpeqb %xmm7, %xmm1
    pmovmskb %xmm1, %eax
    expect $0xffff, %eax

    fld1  // rounding and exception state
    fldz
    fdivrp
    fnstsw %ax
    test $4, %al  // division by zero was noticed
    jz failed
    fnclex
    fnstcw cell(%rip)
    orw $0x0c00, cell(%rip)
    fldcw cell(%rip)
    fnstcw cell(%rip)
    cmpw $0xf7f, cell(%rip)
    jne 5f
5:  emms
    mov $9, %eax
    movd %eax, %mm3
    paddd %mm3, %mm3
    movd %mm3, %eax
    emms
    expect $18, %eax
    pxor %xmm4, %xmm4
    ucomisd nan(%rip), %xmm4
    jnp failed
    leave

square_root:
    movapd %xmm0, %xmm2
    sqrtsd %xmm2, %xmm2
    comisd two(%rip), %xmm2
    jbe 6f
    addsd %xmm2, %xmm3
6:  ret

    .section .rodata
    .balign 16
pattern:
    .ascii "0123456789abcdef"
one:
    .double 1.0
two:
    .double 2.0
limit:
    .double 10.0
nan:
    .quad 0x7ff8000000000000
    .data
cell:
    .long 0
end_program
