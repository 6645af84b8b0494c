// Vector and x87 instructions with operands that the engine changes: RIP-relative, on gs, with r15 as
// base or operand. AVX and AVX-512 where the processor and the kernel have them: what is not there is
// not run, natively either.
#include "master_start.inc"
        .globl  _start
_start: handle_faults
        lea     rsi, [rip + page + 512]
        mov     edi, 0x1001             // ARCH_SET_GS
        mov     eax, 158
        syscall
        lea     r15, [rip + page + 1024]
        mov     ebp, 2
again:  movdqu  xmm0, [rip + numbers]
        paddd   xmm1, [rip + numbers]
        movdqu  xmm2, gs:[16]
        mov     r15d, 64
        movdqu  gs:[r15 + 32], xmm1
        lea     r15, [rip + page + 1024]
        pxor    xmm15, [r15]
        movd    xmm3, r15d
        movq    r15, xmm3
        lea     r15, [rip + page + 1024]
        pextrd  [r15 + 4], xmm0, 1
        pinsrq  xmm4, r15, 1
        cvtsi2sd xmm5, r15
        ucomisd xmm5, [rip + numbers]
        addsd   xmm5, gs:[8]
        ldmxcsr [rip + control]
        stmxcsr gs:[64]
        fld     qword ptr [rip + numbers]
        fadd    dword ptr gs:[4]
        fild    dword ptr [r15]
        fxch
        fstp    tbyte ptr gs:[80]
        fstp    qword ptr [r15 + 16]
        movntdqa xmm6, [rip + numbers]
        lea     r12, [rip + 1f]
        movaps  xmm7, [r15 + 1]         // not aligned
1:      mov     eax, 7                  // leaf 1 would tell the number of the processor
        xor     ecx, ecx
        cpuid
        bt      ebx, 5                  // AVX2
        jnc     done
        lea     r12, [rip + done]
        xor     ecx, ecx
        xgetbv
        mov     r14d, eax
        and     eax, 6
        cmp     eax, 6
        jne     done
        vmovdqu ymm8, [rip + numbers]
        vpaddq  xmm9, xmm8, gs:[16]
        vmovups [r15 + 32], ymm8
        vmovups gs:[128], ymm8
        vbroadcastss ymm10, [rip + numbers]
        vpermilps ymm11, ymm8, [rip + numbers]
        vinsertf128 ymm12, ymm8, [r15], 1
        vmovq   r15, xmm8
        vmovq   xmm13, r15
        lea     r15, [rip + page + 1024]
        vzeroupper
        bt      ebx, 16                 // AVX512F
        jnc     done
        and     r14d, 0xe0
        cmp     r14d, 0xe0
        jne     done
        vmovdqu64 zmm16, [rip + numbers]
        vpaddd  zmm17, zmm16, gs:[64]
        vpaddd  zmm18, zmm16, dword ptr [rip + numbers]{1to16}
        mov     ecx, 0x5a5a
        kmovw   k1, ecx
        vmovdqu32 zmm19{k1}{z}, [r15]
        mov     r15d, 64
        vmovdqu64 gs:[r15 + 256]{k1}, zmm17
        lea     r15, [rip + page + 1024]
        vpcompressd [r15 + 64]{k1}, zmm18
        vpbroadcastd zmm20, r15d
        vpcmpeqd k2, zmm16, [rip + numbers]
        kmovw   r15d, k2
        lea     r15, [rip + page + 1024]
        vpgatherdd zmm21{k1}, gs:[zmm22 + 4]
        mov     r15d, 64
        vpxord  zmm31, zmm17, zmmword ptr gs:[r15 + 128]
done:   dec     ebp
        jnz     again
        leave_with 0
        end_program
        .data
        .balign 64
numbers:
        .quad   0x3ff8000000000000, 2, 0x4009000000000003, 4, 5, 6, 7, 8
control:
        .long   0x1f80
