// hazard: 1.8
// loop, loope, loopne, jrcxz, jecxz, taken and not taken, with 64- and 32-bit counters; flags stay.
#include "path_asm.inc"

program
    mov $6, %rcx
    xor %eax, %eax
1:  inc %eax
    loop 1b
    expect $6, %eax

    mov $6, %rcx  // loopne ends early at the fourth
    mov $10, %eax
2:  inc %eax
    cmp $14, %eax
    loopne 2b
    expect $2, %rcx
    expect $14, %eax

    mov $6, %rcx  // loope goes on while equal
    xor %eax, %eax
3:  cmp %eax, %eax
    loope 3b
    expect $0, %rcx

    mov $3, %rcx
4:  cmp $1, %rsp
    loope 4b  // not equal: not taken at once
    expect $2, %rcx

    movabs $0x500000002, %rcx  // a 32-bit counter leaves the upper half alone... by clearing it
    xor %eax, %eax
5:  inc %eax
    .byte 0x67
    loop 5b
    expect $2, %eax

    mov $1, %rcx  // wraps around the end without being taken
    loop failed
    test %rcx, %rcx
    expect_equal

    xor %ecx, %ecx
    jrcxz 6f
    jmp failed
6:  movabs $0x100000000, %rcx
    jrcxz 7f
    jecxz 8f  // the lower half is zero
7:  jmp failed
8:  inc %ecx
    jecxz 7b

    stc  // none of them touches the flags
    mov $2, %ecx
9:  loop 9b
    jnc failed
    jrcxz 10f
    jmp failed
10: jnc failed

    xor %ecx, %ecx  // 2^64 - 1 rounds to go: leave by loopne's flag
    cmp %eax, %eax
    loopne 9b
    expect $-1, %rcx
    leave
end_program
