// Where the injector points the thread: every register is the program's and saved in tiptoe_boot already,
// so all may be used. A boot stack serves until the thread has its own.
        .intel_syntax noprefix
        .text
        .globl  tiptoe_entry
        .type   tiptoe_entry, @function
tiptoe_entry:
        lea     rsp, [rip + boot_stack_top]
        xor     ebp, ebp
        call    tiptoe_start
        jmp     tiptoe_resume_begin

        .bss
        .align  16
boot_stack:
        .skip   32768
boot_stack_top:

        .section .note.GNU-stack, "", @progbits
