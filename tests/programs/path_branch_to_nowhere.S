// hazard: 4.2 4.3
// Jumps, calls and returns to addresses that are none fault themselves: they are not executed, as
// the first instruction of a block or behind others. (Plain returns: path_return_to_nowhere.)
#include "path_asm.inc"
#include "nowhere.inc"

program
    catch_faults

    movabs $0x4141414141414141, %r14
    mov %r14, target(%rip)
    mov $5, %ebp
1:  nowhere jmp *%r14
    nowhere call *%r14
    nowhere jmp *target(%rip)
    nowhere call *target(%rip)
    nowhere jmp alone
    nowhere call returns_more
    dec %ebp
    jnz 1b
    cmpl $30, faults(%rip)
    expect_equal
    leave

alone:
    jmp *%r14
returns_more:
    mov %r14, (%rsp)
    ret $8

    fault_handler
    .balign 8
target:
    .quad 0
end_program
