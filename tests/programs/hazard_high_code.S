// run: %
// run: setarch -R %
// build: -Wl,-Ttext=0x90000000
// hazard: 1.12
// Hazard: code between 2 and 4 GiB, whose addresses fit in 32 bits but not when they are signed:
// jumps, calls, returns, an indirect call and addresses relative to rip. Exits with 0 if all is well.
        .intel_syntax noprefix
        .globl _start
_start: mov ebp, 2000
        xor ebx, ebx
again:
        .rept 100
        jmp 1f
        ud2
1:
        .endr
        call count
        lea rax, [rip + count]
        call rax
        mov eax, offset count           // the same by a 32-bit immediate
        call rax
        call [rip + pointer]
        dec ebp
        jnz again
        cmp ebx, 8000
        jne wrong
        mov eax, 60
        xor edi, edi
        syscall
wrong:  mov eax, 60
        mov edi, 1
        syscall
count:  inc ebx
        mov rcx, [rsp]                  // a return address is the program's own
        shr rcx, 28
        cmp ecx, 9
        jne wrong
        ret
        .balign 8
pointer: .quad count
