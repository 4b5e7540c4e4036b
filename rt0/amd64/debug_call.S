// Calls that a debugger makes: Go's debugCallV2, debugCall<N> and debugCallPanicked (asm_amd64.s). The
// protocol stands in debug_call.h.
//
// Differs: all of the extended state is saved here, so that no debugger need restore anything; there is no
// frame of an agreed size, since a stack here does not grow: below its sp the whole of it is the debugger's;
// and what an int3 says is said by where it is.
#include "rt0/amd64/save_all.h"
#include "rt0/layout.h"

    .text

// A place: the pc that a debugger sees.
    .macro TELL place
    int3
    .globl \place
    .hidden \place
\place:
    .endm

    .macro PLACE_CFI
    .cfi_def_cfa rsp, DEBUG_CALL_ENTRY_BYTES
    .cfi_offset rip, -PREEMPT_ENTRY_BYTES
    .endm

// in: (%rsp) the token, 8(%rsp) the interrupted pc, RED_ZONE_BYTES above it the interrupted rsp; every
// register live.   out: all of it as it was, at rt0_debug_call_resumed.
    .globl rt0_debug_call
    .hidden rt0_debug_call
    .type rt0_debug_call, @function
rt0_debug_call:
    .cfi_startproc
    .cfi_signal_frame                   // the pc above is no return address: look it up as it is
    PLACE_CFI
    .cfi_remember_state
    pushfq
    .cfi_adjust_cfa_offset 8
    pushq %rax
    .cfi_adjust_cfa_offset 8
    leaq -DEBUG_CALL_STACK_BYTES(%rsp), %rax
    cmpq %fs:G_STACK_LO, %rax
    jb .Lnowhere
    cmpq %fs:G_STACK_HI, %rsp
    jae .Lnowhere
    popq %rax
    .cfi_adjust_cfa_offset -8
    popfq
    .cfi_adjust_cfa_offset -8

    // The question, with what every CPU has: what more there is to save may not be known yet.
    SAVE_REGISTERS DEBUG_CALL_ENTRY_BYTES
    subq $XSTATE_HEADER, %rsp
    andq $-XSTATE_ALIGN, %rsp
    fxsave64 (%rsp)
    INITIAL_FP_CONTROL
    movq DEBUG_CALL_PC(%rbp), %rdi
    leaq DEBUG_CALL_SP(%rbp), %rsi
    call rt0_debug_call_refusal
    movq %rax, %rbx
    fxrstor64 (%rsp)
    leaq -PREEMPT_GPR_BYTES(%rbp), %rsp
    testq %rbx, %rbx
    jnz .Lrefused

    SAVE_XSTATE
    movq DEBUG_CALL_TOKEN(%rbp), %rdi
    call rt0_debug_call_start           // returns when this code may go on
    movq %rax, %rbx
    RESTORE_XSTATE
    testq %rbx, %rbx
    jnz .Lrefused
    .cfi_remember_state
    RESTORE_REGISTERS DEBUG_CALL_ENTRY_BYTES
    TELL rt0_debug_call_resumed
    leaq 8(%rsp), %rsp
    .cfi_adjust_cfa_offset -8
    ret $RED_ZONE_BYTES

    .cfi_restore_state
.Lrefused:
    movq %rbx, %rdi                     // why
    TELL rt0_debug_call_refused
    RESTORE_REGISTERS DEBUG_CALL_ENTRY_BYTES
    leaq 8(%rsp), %rsp
    .cfi_adjust_cfa_offset -8
    ret $RED_ZONE_BYTES

    .cfi_restore_state
.Lnowhere:
    .cfi_adjust_cfa_offset 16
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    leaq .Lnowhere_text(%rip), %rdi
    TELL rt0_debug_call_nowhere
    popq %rdi
    .cfi_adjust_cfa_offset -8
    popq %rax
    .cfi_adjust_cfa_offset -8
    popfq
    .cfi_adjust_cfa_offset -8
    leaq 8(%rsp), %rsp
    .cfi_adjust_cfa_offset -8
    ret $RED_ZONE_BYTES
    .cfi_endproc
    .size rt0_debug_call, . - rt0_debug_call

// void rt0_debug_call_run(uint64_t token, uintptr_t lo, uint64_t goid)    on the call's goroutine, which may
// use its stack down to lo. Returns when the call is over, however it ended.
    .globl rt0_debug_call_run
    .hidden rt0_debug_call_run
    .type rt0_debug_call_run, @function
rt0_debug_call_run:
    .cfi_startproc
    .cfi_personality DW_EH_PE_PCREL_SDATA4, rt0_debug_call_personality
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    pushq %r12
    .cfi_offset r12, -24
    subq $8, %rsp
    movq %rdi, %r12                     // the token: the function keeps it
    xorl %r11d, %r11d
    // The debugger has rsi and rdx, and sets r11 to the function, the argument registers, rax to the number
    // of vector registers, and rsp to what lies on the stack.
    TELL rt0_debug_call_ready
    testq %r11, %r11
    jz .Lover                           // nobody was there
    call *%r11
    TELL rt0_debug_call_returned
.Lover:
    leaq -8(%rbp), %rsp
    .cfi_remember_state
    popq %r12
    popq %rbp
    .cfi_def_cfa rsp, 8
    .cfi_restore rbp
    .cfi_restore r12
    ret

    .cfi_restore_state
// The personality routine leads here. in: rax the exception, rdx what it is; rsp and the callee-saved
// registers as at the call.
    .globl rt0_debug_call_landing
    .hidden rt0_debug_call_landing
rt0_debug_call_landing:
    cmpl $DEBUG_CALL_FORCED, %edx
    je .Lended
    movq %rax, %rdi
    movl %edx, %esi
    call rt0_debug_call_caught
    movq %rax, %rdi                     // its type
    movq %rdx, %rsi                     // its message
    TELL rt0_debug_call_threw
    call rt0_debug_call_forget
    jmp .Lover
.Lended:
    TELL rt0_debug_call_ended
    jmp .Lover
    .cfi_endproc
    .size rt0_debug_call_run, . - rt0_debug_call_run

    .section .rodata
.Lnowhere_text:
    .asciz "it is not on its goroutine's stack, or too little of that is left"

    .hidden rt0_debug_call_refusal
    .hidden rt0_debug_call_start
    .hidden rt0_debug_call_personality
    .hidden rt0_debug_call_caught
    .hidden rt0_debug_call_forget
    .section .note.GNU-stack, "", @progbits
