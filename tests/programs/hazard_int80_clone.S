// hazard: 3.2
// Hazard: clone by int 0x80, the 32-bit way into the kernel: the child shares the memory, stores a
// flag and leaves; the parent exits with 0 when it has seen the flag and the child's own status.
        .intel_syntax noprefix
        .globl _start
_start: mov eax, 120                    // clone
        mov ebx, 0x100 | 17             // CLONE_VM, SIGCHLD
        lea ecx, [rip + stack_top]
        xor edx, edx
        xor esi, esi
        xor edi, edi
        int 0x80
        test eax, eax
        jz child
        js wrong
        mov edi, eax
        mov eax, 61                     // wait4
        lea rsi, [rip + status]
        xor edx, edx
        xor r10d, r10d
        syscall
        cmp dword ptr [rip + flag], 1
        jne wrong
        cmp dword ptr [rip + status], 5 << 8
        jne wrong
        mov eax, 60
        xor edi, edi
        syscall
wrong:  mov eax, 60
        mov edi, 1
        syscall

child:  mov ebx, 50000
1:      dec ebx
        jnz 1b
        mov dword ptr [rip + flag], 1
        mov eax, 60
        mov edi, 5
        syscall

        .bss
flag:   .long 0
status: .long 0
        .balign 16
        .skip 4096
stack_top:
        .skip 64
