// System calls by int 0x80, mixed with others: numbers and arguments of the 32-bit interface, r8 to r11
// kept, and an address that the 32-bit kernel does not take.
        .intel_syntax noprefix
        .globl  _start
_start: mov     r8,  0x0888888888880008
        mov     r9,  0x0999999999990009
        mov     r10, 0x0aaaaaaaaaaa000a
        mov     r11, 0x0bbbbbbbbbbb000b
        mov     r15, 0x0fffffffffff000f
        mov     r12d, 3
1:      stc
        mov     eax, 20                 // getpid
        int     0x80
        mov     eax, 39                 // the same
        syscall
        mov     eax, 4                  // write
        mov     ebx, 1
        lea     rcx, [rip + text]
        mov     edx, 3
        int     0x80
        mov     eax, 4                  // from the stack, which is above 4 GiB
        mov     rcx, rsp
        int     0x80
        mov     eax, -1                 // no such call
        std
        int     0x80
        cld
        mov     eax, 265                // clock_gettime of no clock
        mov     ebx, -77
        int     0x80
        lea     r15, [r15 + 1]
        dec     r12d
        jnz     1b
        mov     eax, 1                  // exit
        mov     ebx, 5
        int     0x80
        hlt
        .data
text:   .ascii  "hi\n"
        .section .note.GNU-stack, "", @progbits
