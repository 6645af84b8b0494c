// hazard: 2.4
// Hazard: stores of the floating-point state that fault (no memory, not aligned, read-only) do so at
// the store itself, with every register as it was. Exits with 8; earlier when one is wrong.
#include "path_asm.inc"
program
    xor %ebx, %ebx
    mov $11, %edi         // SIGSEGV
    lea action(%rip), %rsi
    xor %edx, %edx
    mov $8, %r10d
    system SYS_rt_sigaction
    fld1
    mov $-1, %eax
    mov %eax, %edx
    .macro expect_fault instruction:vararg
    lea 100f(%rip), %r13
    lea 101f(%rip), %r12
    mov $3, %eax
    xor %edx, %edx
100: \instruction
    jmp failed
101: cmp $3, %eax
    jne failed
    inc %ebx
    .endm
    mov $16, %ecx
    expect_fault fnstenv (%rcx)
    expect_fault fnsave 64(%rcx)
    expect_fault fxsave64 (%rcx)
    expect_fault xsave64 48(%rcx)
    lea buffer(%rip), %rcx
    expect_fault fxsave 8(%rcx)
    expect_fault xsave 16(%rcx)
    expect_fault xsavec 16(%rcx)
    lea _start(%rip), %rcx
    expect_fault fnstenv (%rcx)
    fnstenv buffer(%rip)
    cmpw $0x3800, buffer+4   // the stack is as it was: one register deep
    je 1f
    mov $100, %ebx
1:  mov %ebx, %edi
    mov $SYS_exit, %eax
    syscall
handler:                  // rdx: ucontext; rip at 168, r12 at 72, r13 at 80
    mov 168(%rdx), %rax
    cmp 80(%rdx), %rax
    jne failed
    mov 72(%rdx), %rax
    mov %rax, 168(%rdx)
    ret
restorer:
    mov $SYS_rt_sigreturn, %eax
    syscall
    .data
action: .quad handler, 0x04000004, restorer, 0
    .bss
    .balign 64
buffer: .skip 4096
end_program
