// rt0_asyncpreempt: a call that the program did not make. Go's preempt_amd64.s; differs: the red zone, and
// all of the extended state instead of xmm0 to 15.
//
// The signal handler does the call (signal.h): sp -= 128, push pc. So the interrupted code finds every
// register, flag and byte of its red zone as it left them, whatever ran in between, on whichever M.
#include "rt0/amd64/save_all.h"
#include "rt0/amd64/variable.h"
#include "rt0/layout.h"

    .text

// in: (%rsp) the interrupted pc, RED_ZONE_BYTES above it the interrupted rsp; every register live.
    .globl rt0_asyncpreempt
    .hidden rt0_asyncpreempt
    .type rt0_asyncpreempt, @function
rt0_asyncpreempt:
    .cfi_startproc
    .cfi_signal_frame                   // the pc above is no return address: look it up as it is
    .cfi_def_cfa rsp, PREEMPT_ENTRY_BYTES
    .cfi_offset rip, -PREEMPT_ENTRY_BYTES
    SAVE_REGISTERS PREEMPT_ENTRY_BYTES
    SAVE_XSTATE
    leaq -PREEMPT_GPR_BYTES(%rbp), %rdi
    movq %rsp, %rsi
    call rt0_asyncpreempt2              // returns when the goroutine runs again
    leaq PREEMPT_GPR_BYTES(%rax), %rbp  // the frame that a signal's handler left

    RESTORE_XSTATE
    RESTORE_REGISTERS PREEMPT_ENTRY_BYTES
    ret $RED_ZONE_BYTES                 // pc and red zone in one instruction: no register is free
    .cfi_endproc
    .size rt0_asyncpreempt, . - rt0_asyncpreempt

// void rt0_attend()    looks at what the running goroutine is wanted for as if it had been interrupted at the
// return of this call.
    .globl rt0_attend
    .hidden rt0_attend
    .type rt0_attend, @function
rt0_attend:
    .cfi_startproc
    popq %rax                           // the pc; rsp is the caller's, the interrupted one
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rax
    subq $PREEMPT_ENTRY_BYTES, %rsp
    .cfi_adjust_cfa_offset PREEMPT_ENTRY_BYTES
    movq %rax, (%rsp)
    jmp rt0_asyncpreempt
    .cfi_endproc
    .size rt0_attend, . - rt0_attend

// void rt0_call_handler(void* stack_hi, void (*handler)(int, void*, void*), int, void*, void*)
// Calls the handler on another stack of the same goroutine.
    .globl rt0_call_handler
    .hidden rt0_call_handler
    .type rt0_call_handler, @function
rt0_call_handler:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    movq %rdi, %rsp
    andq $-16, %rsp
    movq %rsi, %rax
    movl %edx, %edi
    movq %rcx, %rsi
    movq %r8, %rdx
    call *%rax
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa rsp, 8
    .cfi_restore rbp
    ret
    .cfi_endproc
    .size rt0_call_handler, . - rt0_call_handler

    .hidden rt0_asyncpreempt2

// What preempt_init finds out; see preempt.h.
    .bss
    RT0_VARIABLE rt0_xstate_mask, 8
    RT0_VARIABLE rt0_xstate_bytes, 4
    RT0_VARIABLE rt0_xstate_how, 1

    .section .note.GNU-stack, "", @progbits
