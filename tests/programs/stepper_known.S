// For the test of the stepper: every address of its path is known by hand. Encodings are spelled out
// where the assembler has a choice.
#include "path_asm.inc"

program
    mov $3, %ecx          // 401000
1:  loop 1b               // 401005
    mov %rsp, %rdi        // 401007
    mov $4, %ecx          // 40100a
    rep stosb             // 40100f
    xor %ecx, %ecx        // 401011
    repne scasb           // 401013
    call 2f               // 401015
    xor %edi, %edi        // 40101a
    mov $SYS_exit, %eax   // 40101c
    syscall               // 401021
2:  ret                   // 401023
end_program
