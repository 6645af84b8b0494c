// hazard: 3.2 4.6
// System calls by int 0x80 that signals interrupt: made again (SA_RESTART), so executed twice; ended
// with EINTR; and the same by syscall.
#include "path_asm.inc"

#define SYS_setitimer 38
#define SIGALRM 14
#define SA_RESTART 0x10000000
#define SA_FLAGS 0x04000004  // SA_SIGINFO | SA_RESTORER
#define INT80_read 3
#define INT80_getpid 20
#define INT80_pause 29
#define EINTR 4

// A handler for SIGALRM, which comes a fifth of a second later.
.macro alarm flags
    movq $SA_FLAGS | \flags, action + 8(%rip)
    mov $SIGALRM, %edi
    lea action(%rip), %rsi
    xor %edx, %edx
    mov $8, %r10d
    system SYS_rt_sigaction
    expect $0, %rax
    xor %edi, %edi
    lea timer(%rip), %rsi
    xor %edx, %edx
    system SYS_setitimer
    expect $0, %rax
.endm

program
    lea ends(%rip), %rdi
    system SYS_pipe
    expect $0, %rax

    mov $INT80_getpid, %eax
    int $0x80
    cmp $0, %eax
    jle failed

    mov $2, %ebp
1:  alarm SA_RESTART
    mov $INT80_read, %eax
    mov ends(%rip), %ebx
    lea byte(%rip), %ecx
    mov $1, %edx
    int $0x80
    expect $1, %eax
    dec %ebp
    jnz 1b
    cmpl $2, alarms(%rip)
    expect_equal

    alarm SA_RESTART
    mov ends(%rip), %edi
    lea byte(%rip), %rsi
    mov $1, %edx
    system SYS_read
    expect $1, %rax

    alarm 0
    mov $INT80_pause, %eax
    int $0x80
    expect $-EINTR, %eax
    cmpl $4, alarms(%rip)
    expect_equal
    leave

on_alarm:  // what is read comes now
    incl alarms(%rip)
    mov ends + 4(%rip), %edi
    lea byte(%rip), %rsi
    mov $1, %edx
    system SYS_write
    ret
restorer:
    system SYS_rt_sigreturn

    .data
    .balign 8
action:
    .quad on_alarm, 0, restorer, 0
timer:
    .quad 0, 0, 0, 200000
ends:
    .long 0, 0
alarms:
    .long 0
byte:
    .byte 7
end_program
