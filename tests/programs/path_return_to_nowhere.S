// hazard: 4.2 4.3
// Returns to addresses that are none fault themselves: they are not executed, as the first
// instruction of a block or behind others; also where they have gone elsewhere before.
#include "path_asm.inc"
#include "nowhere.inc"

program
    catch_faults

    movabs $0x4141414141414141, %r14
    mov $5, %ebp
1:  lea back(%rip), %r15
    nowhere call function  // there and back
    nowhere call returns
    nowhere jmp returns_alone
    dec %ebp
    jnz 1b
    cmpl $10, faults(%rip)
    expect_equal
    leave

function:
    push %r14
    mov %r15, (%rsp)
    ret
back:
    pop %rax
    push %r15
    nop
    movq $next, (%rsp)
    ret
next:
    jmp *%r12
returns:
    mov %r14, (%rsp)
    ret
returns_alone:
    push %r14
    jmp 2f
2:  ret

    fault_handler
end_program
