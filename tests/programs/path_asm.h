// For the programs in assembly: the start, the exits, and checks.
//
// Each program checks what it computed and exits with 0, or with 1 at the first wrong value; so it
// is a test of its own when it is run natively or translated, besides having its path compared.
// Syscall numbers are written as numbers' names below.
#define SYS_read 0
#define SYS_write 1
#define SYS_mmap 9
#define SYS_mprotect 10
#define SYS_munmap 11
#define SYS_rt_sigaction 13
#define SYS_rt_sigreturn 15
#define SYS_pipe 22
#define SYS_mremap 25
#define SYS_getpid 39
#define SYS_clone 56
#define SYS_fork 57
#define SYS_vfork 58
#define SYS_execve 59
#define SYS_exit 60
#define SYS_wait4 61
#define SYS_kill 62
#define SYS_sigaltstack 131
#define SYS_arch_prctl 158
#define SYS_gettid 186
#define SYS_tkill 200
#define SYS_exit_group 231

// Where programs map code of their own, so that its address does not depend on anything else.
#define CODE_AT 0x20000000
#define PROT_RWX 7
#define MAP_FLAGS 0x32  // MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED

.macro program.text.globl _start.type _start,
    @function _start
    :.endm

         .macro system number mov $\number,
    % eax syscall
            .endm

            .macro leave code = 0 mov $\code,
                         % edi mov $SYS_exit,
                         % eax syscall
                                 .endm

                                 // Goes on when the comparison before it said equal.
                                 .macro expect_equal jne failed
                                 .endm

                                 .macro expect left,
                         right cmp \left, \right jne failed
                                                  .endm

                                                  .macro end_program.text failed
    : leave 1.section.note.GNU - stack,
                         "",
                         @progbits
                             .endm

                             // Maps a page of zeros at CODE_AT, readable, writable and executable.
                             .macro map_code_page mov $CODE_AT,
                         % edi mov $4096, % esi mov $PROT_RWX, % edx mov $MAP_FLAGS,
                         % r10d mov $ - 1, % r8 xor % r9d, % r9d system SYS_mmap expect $CODE_AT,
                         % rax.endm
