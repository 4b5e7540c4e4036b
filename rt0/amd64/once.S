// A call through which an exception may pass, in a core that knows no exceptions: the frame has a personality
// routine of its own and no landing pad. Itanium C++ ABI, "Exception Handling", 1.6.
#include "rt0/layout.h"

    .text

// void rt0_call_once(void (*fn)(), void* once)    calls fn(). If fn is unwound, rt0_once_personality is told,
// with once in rbx.
    .globl rt0_call_once
    .hidden rt0_call_once
    .type rt0_call_once, @function
rt0_call_once:
    .cfi_startproc
    .cfi_personality DW_EH_PE_PCREL_SDATA4, rt0_once_personality
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbx, -16
    movq %rsi, %rbx
    call *%rdi
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_endproc
    .size rt0_call_once, . - rt0_call_once

    .hidden rt0_once_personality
    .section .note.GNU-stack, "", @progbits
