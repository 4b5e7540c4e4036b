// A goroutine that can see whether it was interrupted rightly, for preempt_test.cc. It fills every register
// with what the test gave it, spins without a call and without touching one of them, and writes down what it
// then finds.

    .text

// The test's blocks: 16 words of registers in the order of .irp, the flags, the red zone from the lowest
// address up, then room for the extended state.
#define FLAGS_AT (16 * 8)
#define RED_ZONE_AT (17 * 8)
#define XSTATE_AT 320
#define RED_ZONE_BYTES 128
#define RSP_PLACE 7

    .macro EACH_GPR does
    \does rax, 0
    \does rbx, 1
    \does rdx, 3
    \does rsi, 4
    \does rdi, 5
    \does rbp, 6
    \does r8, 8
    \does r9, 9
    \does r10, 10
    \does r11, 11
    \does r12, 12
    \does r13, 13
    \does r14, 14
    \does r15, 15
    .endm
    .macro LOAD reg, place
    movq victim_given + 8 * \place(%rip), %\reg
    .endm
    .macro STORE reg, place
    movq %\reg, victim_found + 8 * \place(%rip)
    .endm
    .macro PUSH reg
    pushq %\reg
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \reg, 0
    .endm
    .macro POP reg
    popq %\reg
    .cfi_adjust_cfa_offset -8
    .cfi_restore \reg
    .endm

// void victim_spin(): until victim_stop is not 0. All of the extended state comes from victim_given, by
// xrstor (or fxrstor where victim_mask is 0).
    .globl victim_spin
    .type victim_spin, @function
victim_spin:
    .cfi_startproc
    PUSH rbp
    PUSH rbx
    PUSH r12
    PUSH r13
    PUSH r14
    PUSH r15
    subq $2 * RED_ZONE_BYTES, %rsp
    .cfi_adjust_cfa_offset 2 * RED_ZONE_BYTES
    stmxcsr RED_ZONE_BYTES(%rsp)
    fnstcw RED_ZONE_BYTES + 4(%rsp)
    movl victim_mask(%rip), %eax
    movl victim_mask + 4(%rip), %edx
    testl %eax, %eax
    jz 1f
    xrstor64 victim_given + XSTATE_AT(%rip)
    jmp 2f
1:  fxrstor64 victim_given + XSTATE_AT(%rip)
2:  movq %rsp, victim_given + 8 * RSP_PLACE(%rip)
    EACH_GPR LOAD
    pushq victim_given + FLAGS_AT(%rip)
    .cfi_adjust_cfa_offset 8
    popfq
    .cfi_adjust_cfa_offset -8
    // all is in place, but rcx and the red zone; from here on nothing may change a flag
    .globl victim_filled
victim_filled:
    .irp at, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120
    movq victim_given + RED_ZONE_AT + \at(%rip), %rcx
    movq %rcx, \at - RED_ZONE_BYTES(%rsp)
    .endr

victim_loop:
    movq victim_stop(%rip), %rcx
    jrcxz victim_loop
    .globl victim_loop_end
victim_loop_end:

    EACH_GPR STORE
    STORE rcx, 2
    STORE rsp, RSP_PLACE
    .irp at, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120
    movq \at - RED_ZONE_BYTES(%rsp), %rcx
    movq %rcx, victim_found + RED_ZONE_AT + \at(%rip)
    .endr
    pushfq
    .cfi_adjust_cfa_offset 8
    popq victim_found + FLAGS_AT(%rip)
    .cfi_adjust_cfa_offset -8
    cld
    movl victim_mask(%rip), %eax
    movl victim_mask + 4(%rip), %edx
    testl %eax, %eax
    jz 1f
    xsave64 victim_found + XSTATE_AT(%rip)
    testl $4, %eax                      // AVX
    jz 2f
    vzeroupper
    jmp 2f
1:  fxsave64 victim_found + XSTATE_AT(%rip)
2:  fninit
    fldcw RED_ZONE_BYTES + 4(%rsp)
    ldmxcsr RED_ZONE_BYTES(%rsp)
    addq $2 * RED_ZONE_BYTES, %rsp
    .cfi_adjust_cfa_offset -2 * RED_ZONE_BYTES
    POP r15
    POP r14
    POP r13
    POP r12
    POP rbx
    POP rbp
    ret
    .cfi_endproc
    .size victim_spin, . - victim_spin

    .bss
    .macro BLOCK name, bytes
    .globl \name
    .type \name, @object
    .size \name, \bytes
    .balign 64
\name:
    .zero \bytes
    .endm
    BLOCK victim_given, 16384
    BLOCK victim_found, 16384
    BLOCK victim_stop, 8
    BLOCK victim_mask, 8
    .section .note.GNU-stack, "", @progbits
