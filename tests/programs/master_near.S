// build: -Wl,-z,noseparate-code,-N
// Every kind of instruction that the engine changes, and every kind of branch, in code that may be
// written: it is compared each time it is entered (master_body.inc).
#include "master_start.inc"
        .globl  _start
_start: handle_faults
        lea     rdi, [rip + page]
        call    body
        leave_with 0
#include "master_body.inc"
        end_program
