// look_then_resume: what unwind_test.cc puts in a parked goroutine's gobuf.pc in place of rt0_resume, whose
// CFI it has. The goroutine, back on its stack and with nothing popped yet, calls look_when_resumed.
#include "rt0/layout.h"

    .text
    .globl look_then_resume
    .type look_then_resume, @function
    .cfi_startproc
    .cfi_def_cfa rsp, CONTEXT_BYTES
    .cfi_offset rbp, -16
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    .cfi_offset r13, -40
    .cfi_offset r14, -48
    .cfi_offset r15, -56
    nop                                 // unwinders look up pc - 1
look_then_resume:
    call look_when_resumed
    jmp rt0_resume
    .cfi_endproc
    .size look_then_resume, . - look_then_resume
    .section .note.GNU-stack, "", @progbits
