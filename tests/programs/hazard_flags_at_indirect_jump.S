// hazard: 2.2
// Hazard: flags are live across an indirect jump that alternates between a target that overwrites
// them and one that reads them. Exits with 0 when the reader always sees the carry that was set.
        .intel_syntax noprefix
        .globl _start
_start: mov ebx, 1000
again:  lea rax, [rip + overwrites]
        call jump
        lea rax, [rip + reads]
        call jump
        dec ebx
        jnz again
        mov eax, 60
        xor edi, edi
        syscall

jump:   stc
        jmp rax
overwrites:
        cmp ebx, 1000000
        ret
reads:  jnc lost
        ret
lost:   mov eax, 60
        mov edi, 1
        syscall
