// hazard: 3.5 3.6
// fork and vfork children with their own paths; the parent waits and sees their exit status.
#include "path_asm.inc"

.macro wait_for status
    mov $-1, %rdi
    lea status(%rip), %rsi
    xor %edx, %edx
    xor %r10d, %r10d
    system SYS_wait4
    cmpl $\status << 8, status(%rip)
    expect_equal
.endm

program
    mov $3, %ebx
1:  system SYS_fork
    test %eax, %eax
    jz child
    wait_for 7
    dec %ebx
    jnz 1b

    mov %rsp, %r12
    system SYS_vfork
    test %eax, %eax
    jz vfork_child
    wait_for 9
    leave

child:
    mov $40, %ecx
2:  call 3f
    loop 2b
    leave 7
3:  incl shared(%rip)  // its own copy
    ret
vfork_child:
    mov $20, %ecx
4:  loop 4b
    leave 9

    .data
status:
    .long 0
shared:
    .long 0
end_program
