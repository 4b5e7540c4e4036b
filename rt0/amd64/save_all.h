// For assembly: every register of code that did not call us, saved and restored. What is left on the stack is
// a preempt_frame (preempt.h), below it the extended state.
#ifndef RT0_AMD64_SAVE_ALL_H_
#define RT0_AMD64_SAVE_ALL_H_

#include "rt0/layout.h"

    .macro SAVE_ONE reg, place, entry_bytes
    pushq %\reg
    .cfi_offset \reg, -(\entry_bytes) - 16 - 8 * \place
    .endm

    .macro RESTORE_ONE reg
    popq %\reg
    .cfi_restore \reg
    .endm

// in: rsp, entry_bytes below the interrupted one; the CFA is that one.
// out: rbp at its own saved value, the flags above it; rsp PREEMPT_GPR_BYTES below; DF clear.
    .macro SAVE_REGISTERS entry_bytes
    pushfq
    .cfi_adjust_cfa_offset 8
    SAVE_ONE rbp, 0, \entry_bytes
    .cfi_adjust_cfa_offset 8
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    SAVE_ONE rax, 1, \entry_bytes
    SAVE_ONE rcx, 2, \entry_bytes
    SAVE_ONE rdx, 3, \entry_bytes
    SAVE_ONE rbx, 4, \entry_bytes
    SAVE_ONE rsi, 5, \entry_bytes
    SAVE_ONE rdi, 6, \entry_bytes
    SAVE_ONE r8, 7, \entry_bytes
    SAVE_ONE r9, 8, \entry_bytes
    SAVE_ONE r10, 9, \entry_bytes
    SAVE_ONE r11, 10, \entry_bytes
    SAVE_ONE r12, 11, \entry_bytes
    SAVE_ONE r13, 12, \entry_bytes
    SAVE_ONE r14, 13, \entry_bytes
    SAVE_ONE r15, 14, \entry_bytes
    cld
    .endm

// in: rbp as SAVE_REGISTERS left it.   out: rsp entry_bytes below the interrupted one, as it was.
    .macro RESTORE_REGISTERS entry_bytes
    leaq -PREEMPT_GPR_BYTES(%rbp), %rsp
    .irp reg, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbx, rdx, rcx, rax, rbp
    RESTORE_ONE \reg
    .endr
    .cfi_def_cfa rsp, \entry_bytes + 8
    popfq
    .cfi_adjust_cfa_offset -8
    .endm

// What runs next expects the x87 stack empty, as at any call, and nothing pending that its fldcw would raise;
// a signal's handler, the rounding and the masks that a process begins with, as Linux has it.
    .macro INITIAL_FP_CONTROL
    fninit
    pushq $MXCSR_INITIAL
    ldmxcsr (%rsp)
    leaq 8(%rsp), %rsp
    .endm

// out: rsp the saved state, all of it that find_xstate found; an initial one in its place. Clobbers rax, rdx.
    .macro SAVE_XSTATE
    movl rt0_xstate_bytes(%rip), %eax
    subq %rax, %rsp
    andq $-XSTATE_ALIGN, %rsp
    xorl %eax, %eax
    cmpb $XSTATE_XSAVE, rt0_xstate_how(%rip)
    jb 1f
    // junk in the header would fault at xrstor
    .irp word, 0, 8, 16, 24, 32, 40, 48, 56
    movq %rax, XSTATE_HEADER + \word(%rsp)
    .endr
    movl rt0_xstate_mask(%rip), %eax
    movl rt0_xstate_mask + 4(%rip), %edx
    je 2f
    xsavec64 (%rsp)
    jmp 3f
2:
    xsave64 (%rsp)
    jmp 3f
1:
    fxsave64 (%rsp)
3:
    INITIAL_FP_CONTROL
    testb $XSTATE_AVX, rt0_xstate_mask(%rip)
    jz 4f
    vzeroupper
4:
    .endm

// in: rsp what SAVE_XSTATE left there.   Clobbers rax, rdx.
    .macro RESTORE_XSTATE
    movl rt0_xstate_mask(%rip), %eax
    movl rt0_xstate_mask + 4(%rip), %edx
    cmpb $XSTATE_XSAVE, rt0_xstate_how(%rip)
    jb 1f
    xrstor64 (%rsp)
    jmp 2f
1:
    fxrstor64 (%rsp)
2:
    .endm

#endif  // RT0_AMD64_SAVE_ALL_H_
