// The same as master_near.S, copied to where no memory within 2 GiB is free, so that no code cache is in
// reach: first to a page that may be written, then to one that may not.
#include "master_start.inc"
        .set    RESERVED, 0x2000000000
        .set    RESERVED_BYTES, 0x180000000
        .set    COPY_AT, RESERVED + 0xc0000000
        .set    COPY_BYTES, 0x4000

        .macro  map address, bytes, protection, flags
        mov     rdi, \address
        mov     rsi, \bytes
        mov     edx, \protection
        mov     r10d, \flags
        mov     r8, -1
        xor     r9d, r9d
        mov     eax, 9
        syscall
        .endm

        .globl  _start
_start: handle_faults
        map     RESERVED, RESERVED_BYTES, 0, 0x4032  // PROT_NONE, with MAP_NORESERVE and MAP_FIXED
        map     COPY_AT, COPY_BYTES, 7, 0x32
        lea     rsi, [rip + body]
        mov     rdi, COPY_AT
        mov     ecx, offset body_end - body
        rep movsb
        lea     rdi, [rip + page]
        mov     rbx, COPY_AT
        call    rbx
        mov     eax, 10                 // mprotect
        mov     rdi, COPY_AT
        mov     esi, CODE_BYTES
        mov     edx, 5
        syscall
        lea     rdi, [rip + page]
        mov     rbx, COPY_AT
        call    rbx
        leave_with 0
#include "master_body.inc"
        end_program
