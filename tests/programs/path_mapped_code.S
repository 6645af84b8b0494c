// hazard: 3.12 5.6
// Code in memory that comes and goes: mapped, called, unmapped, mapped again with other code, moved,
// made writable and executable again.
#include "path_asm.inc"

.macro write_code value  // mov $value, %eax; ret
    movb $0xb8, CODE_AT
    movl $\value, CODE_AT + 1
    movb $0xc3, CODE_AT + 5
.endm

.macro call_code at, value
    mov $\at, %eax
    call *%rax
    expect $\value, %eax
.endm

.macro protect what
    mov $CODE_AT, %edi
    mov $4096, %esi
    mov $\what, %edx
    system SYS_mprotect
    expect $0, %rax
.endm

program
    mov $3, %ebp
1:  map_code_page
    write_code 5
    call_code CODE_AT, 5
    call_code CODE_AT, 5

    mov $CODE_AT, %edi
    mov $4096, %esi
    system SYS_munmap
    map_code_page
    write_code 6
    call_code CODE_AT, 6

    map_code_page  // over itself, without munmap
    write_code 7
    call_code CODE_AT, 7

    protect 3  // rw-
    write_code 8
    protect 5  // r-x
    call_code CODE_AT, 8
    call_code CODE_AT, 8
    protect 3
    write_code 9
    protect 5
    call_code CODE_AT, 9

    mov $CODE_AT, %edi  // mremap(old, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, new)
    mov $4096, %esi
    mov $4096, %edx
    mov $3, %r10d
    mov $CODE_AT + 0x100000, %r8d
    system SYS_mremap
    expect $CODE_AT + 0x100000, %rax
    call_code CODE_AT + 0x100000, 9
    map_code_page
    write_code 10
    call_code CODE_AT, 10
    call_code CODE_AT + 0x100000, 9
    dec %ebp
    jnz 1b
    leave
end_program
