// hazard: 1.3
// Hazard: two calls 4 GiB apart, whose return addresses agree in their low 32 bits, so that they share
// an entry in any table of that many bits. Behind one of them all flags are overwritten, behind the
// other the carry that the callee returns is read. Exits with 0 when it is always the one that was
// set.
        .intel_syntax noprefix
        .set    LOW, 0x200000000
        .set    HIGH, 0x300000000
        .globl _start
_start: mov r12, LOW
        mov r13, HIGH
        mov rdi, r12
        call map
        mov rdi, r12
        lea rsi, [rip + overwrites]
        mov ecx, offset overwrites_end - overwrites
        rep movsb
        mov rdi, r13
        call map
        mov rdi, r13
        lea rsi, [rip + reads]
        mov ecx, offset reads_end - reads
        rep movsb

        mov ebp, 100
again:  lea rbx, [rip + sets_carry]
        call r13
        test eax, eax
        jz lost
        call r12
        call r13
        test eax, eax
        jz lost
        dec ebp
        jnz again
        mov eax, 60
        xor edi, edi
        syscall
lost:   mov eax, 60
        mov edi, 1
        syscall

sets_carry:
        stc
        ret

// A page that may be written and executed.
map:    mov eax, 9
        mov esi, 4096
        mov edx, 7
        mov r10d, 0x32                  // MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
        mov r8, -1
        xor r9d, r9d
        syscall
        cmp rax, rdi
        jne lost
        ret

overwrites:
        call rbx
        cmp eax, 100
        ret
overwrites_end:
reads:  call rbx
        setc al
        movzx eax, al
        ret
reads_end:
