// For the master test's second form: between `ready` and `done` a signal may come at any instruction.
// Its handler writes the interrupted registers, as the context has them, to standard output: r8 to r15,
// rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags.
#include "master_start.inc"
        .globl  _start
_start: lea     rdi, [rip + alternate]
        xor     esi, esi
        mov     eax, 131                // sigaltstack
        syscall
        lea     rax, [rip + on_signal]
        mov     [rip + action], rax
        handle  10                      // SIGUSR1
        mov     ebp, 4
        mov     r15, 0x0fffffffffff000f
        mov     r14, 0x0eeeeeeeeeeee00e
        mov     r13, 0x0dddddddddddd00d
ready:  mov     ecx, 2
1:      add     rax, r15
        loop    1b
        jrcxz   2f
        ud2
2:      stc
        call    plain
        jnc     3f
        push    r15
        pop     r15
3:      push    0x77
        call    pops_one
        lea     rax, [rip + plain]
        test    ebp, 1
        jz      4f
        lea     rax, [rip + other]
4:      call    rax
        mov     [rip + slot], r15
        lea     rax, [rip + 5f]
        jmp     rax
5:      lea     rsi, [rip + slot]
        lea     rdi, [rip + slot + 8]
        mov     ecx, 3
        rep movsb
        mov     eax, 102                // getuid
        syscall
        add     r15, [rip + slot]
        lea     rax, [rip + 6f]
        push    rax
        ret
6:      xchg    r15, r14
        dec     ebp
        jnz     ready
done:   leave_with 0
plain:  adc     rbx, 1
        ret
other:  neg     rbx
        ret
pops_one:
        ret     8
on_signal:
        lea     rsi, [rdx + 40]
        mov     edi, 1
        mov     edx, 144
        mov     eax, 1                  // write
        syscall
        ret
        .data
slot:   .quad   0, 0
        end_program
