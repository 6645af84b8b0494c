// hazard: 3.4
// Three threads, each on a path of its own, created by raw clone; and one that a thread creates.
//
// Every thread tells its end through a pipe, which the first thread reads byte by byte, so that nobody
// spins and each path is always the same.
#include "path_asm.inc"

#define CLONE_FLAGS 0x50f00  // VM FS FILES SIGHAND THREAD SYSVSEM
#define STACK_BYTES 4096

// A thread that starts at `entry` with %ebx as its parent has it.
.macro start_thread entry, stack
    mov $CLONE_FLAGS, %edi
    lea stacks + STACK_BYTES * (\stack + 1)(%rip), %rsi
    xor %edx, %edx
    xor %r10d, %r10d
    xor %r8d, %r8d
    system SYS_clone
    test %eax, %eax
    jz \entry
    js failed
.endm

program
    lea ends(%rip), %rdi
    system SYS_pipe
    start_thread counting, 0
    start_thread calling, 1
    start_thread starting, 2
    mov $4, %ebp
1:  mov ends(%rip), %edi
    lea byte(%rip), %rsi
    mov $1, %edx
    system SYS_read
    expect $1, %rax
    dec %ebp
    jnz 1b
    leave

tell_end:
    push $1
    mov ends + 4(%rip), %edi
    mov %rsp, %rsi
    mov $1, %edx
    system SYS_write
    leave

counting:
    mov $200, %ecx
2:  dec %ecx
    jnz 2b
    jmp tell_end

calling:
    mov $50, %ebx
3:  call 4f
    lea 4f(%rip), %rax
    call *%rax
    dec %ebx
    jnz 3b
    jmp tell_end
4:  xor $1, %edx
    ret

starting:
    start_thread started, 3
    mov $10, %ecx
5:  loop 5b
    jmp tell_end
started:
    mov $30, %ecx
6:  test $2, %cl
    jz 7f
    nop
7:  loop 6b
    jmp tell_end

    .data
    .balign 8
ends:
    .long 0, 0
byte:
    .byte 0
    .bss
    .balign 16
stacks:
    .skip 4 * STACK_BYTES
end_program
