// More code than the smallest cache holds, run twice, with calls, returns and indirect branches from
// what is evicted into what is new and back: for a small --cache-size.
        .intel_syntax noprefix
        .set    FUNCTIONS, 500

        .globl  _start
_start: mov     r15, 0x0fffffffffff000f
        mov     ebx, 2
again:  lea     r12, [rip + table]
        mov     r13d, FUNCTIONS
        stc
1:      mov     rax, [r12]
        call    rax
        lea     r12, [r12 + 8]
        call    stays
        dec     r13d
        jnz     1b
        dec     ebx
        jnz     again
        xor     edi, edi
        mov     eax, 60
        syscall

stays:  inc     r14
        ret

        .macro  function
        .pushsection .data
        .quad   f\@
        .popsection
f\@:    add     r15, \@
        test    rsp, rsp
        jnz     5f                      // what is not run is translated all the same
        .rept   58
        mov     rax, 0x1111111111111111
        .endr
5:      call    3f
        sbb     rcx, r15
        ret
3:      adc     rdx, rcx
        lea     rsi, [rip + f\@]
        jp      4f
        xchg    rsi, rdi
4:      push    r15
        pop     r8
        ret
        .endm

        .data
        .balign 8
table:
        .text
        .rept   FUNCTIONS
        function
        .endr
        .section .note.GNU-stack, "", @progbits
