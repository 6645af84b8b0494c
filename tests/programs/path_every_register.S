// hazard: 2.11
// Every general-purpose register in every width and role, in loops with linked and indirect branches:
// a translator that takes a register for itself must give back what the program had in it.
#include "path_asm.inc"

// A loop that counts in `register` with all its widths and uses it in addresses.
.macro exercise register, low32, low16, low8
    mov $6, %\low32
1:  push %\register
    add $2, %\low8
    sub $1, %\low16
    sub $1, %\low32
    pop saved(%rip)
    cmp saved(%rip), %\register
    jne failed
    xchg %\register, saved(%rip)
    mov saved(%rip), %\register
    push %\register
    xor %\low32, %\low32
    bswap %\register
    not %\register
    cmp $-1, %\register
    jne failed
    popq saved(%rip)
    mov saved(%rip), %\register
    movzbl %\low8, %\low32
    lea 3(%\register, %\register, 2), %\register
    shr $2, %\register
    cmpxchg %\register, saved(%rip)
    mov saved(%rip), %\register
    sub $1, %\register
    jnz 1b
    lea bytes(%rip), %\register
    cmpb $1, 1(%\register)
    jne failed
    movzbl (%\register), %\low32
    lea 2f(%rip), %\register
    jmp *%\register
2:  call 3f
    jmp 4f
3:  lea 5f(%rip), %\register
    mov %\register, (%rsp)
    ret
4:  ud2
5:  test %\register, %\register
    jz failed
.endm

.macro index_with register
    mov $1, %\register
    lea bytes, %rax
    cmpb $1, (%rax, %\register)
    jne failed
    cmpb $3, 1(%rax, %\register, 2)
    jne failed
    cmpb $1, bytes(%\register)
    jne failed
.endm

program
    exercise rcx, ecx, cx, cl
    exercise rdx, edx, dx, dl
    exercise rbx, ebx, bx, bl
    exercise rsi, esi, si, sil
    exercise rdi, edi, di, dil
    exercise rbp, ebp, bp, bpl
    exercise r8, r8d, r8w, r8b
    exercise r9, r9d, r9w, r9b
    exercise r10, r10d, r10w, r10b
    exercise r11, r11d, r11w, r11b
    exercise r12, r12d, r12w, r12b
    exercise r13, r13d, r13w, r13b
    exercise r14, r14d, r14w, r14b
    exercise r15, r15d, r15w, r15b
    .irp register, rcx, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    index_with \register
    .endr

    .irp register, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15
    mov $0x1234567, %\register  // kept through a system call
    .endr
    system SYS_getpid
    .irp register, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15
    cmp $0x1234567, %\register
    jne failed
    .endr
    lea 6f(%rip), %rbx
    system SYS_getpid
6:  expect %rcx, %rbx  // what syscall leaves in rcx is the program's own address
    xor %eax, %eax
    cpuid  // many registers at once
    mov $0x77, %r15d
    mul %r15
    mov $3, %ecx
    shld %cl, %r15, %r14
    expect $0x77, %r15d
    leave

    .section .rodata
bytes:
    .byte 0, 1, 2, 3
    .data
    .balign 8
saved:
    .quad 0
end_program
