// mcall, systemstack, gogo and the direct switch. Go's asm_amd64.s; what differs is C++'s: callee-saved
// registers and the floating-point control words live on the stack of the goroutine that goes away, so that
// gobuf.pc is always a label here.
//
// A goroutine is resumed by ret: whoever left the CPU did so by a call of the same depth, so the return stack
// stays in step, and where two goroutines wait in the same functions it even predicts right. An indirect jmp
// is quicker by itself, but leaves an entry too many, and then all returns up to the program's own code are
// mispredicted (yield_pair 35 against 30 ns, a round trip over two channels 112 against 101).
//
// A saved context, from gobuf.sp up: mxcsr, x87 control word, r15, r14, r13, r12, rbx, rbp, return address.
#include "rt0/layout.h"

    .text

    .macro SAVE_CONTEXT
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbp, -16
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbx, -24
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_offset r12, -32
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_offset r13, -40
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_offset r14, -48
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_offset r15, -56
    subq $CONTEXT_FP_BYTES, %rsp
    .cfi_adjust_cfa_offset CONTEXT_FP_BYTES
    stmxcsr CONTEXT_MXCSR(%rsp)
    fnstcw CONTEXT_X87CW(%rsp)
    .endm

// %fs = \g, which is rdx or rsi. Clobbers rax, rcx, rsi, rdi, r11 where user code may not wrfsbase.
    .macro SET_FS g
    testb $1, rt0_has_fsgsbase(%rip)
    jz 1f
    wrfsbase \g
    jmp 2f
1:
    movq \g, %rsi
    movl $ARCH_SET_FS, %edi
    movl $SYS_ARCH_PRCTL, %eax
    syscall
2:
    .endm

// void rt0_mcall(void (*fn)(g*))    on a goroutine's stack; returns when the goroutine is resumed.
    .globl rt0_mcall
    .hidden rt0_mcall
    .type rt0_mcall, @function
rt0_mcall:
    .cfi_startproc
    movq %fs:TCB_SELF, %rdx             // the goroutine
    movq %gs:M_G0, %rsi
    cmpq %rsi, %rdx
    je rt0_badmcall                     // g == m->g0
    cmpl $0, %gs:M_INSIG
    jne rt0_badmcall
    movq %rdi, %r8                      // fn
    SAVE_CONTEXT
    movq %rsp, G_SCHED_SP(%rdx)
    leaq rt0_resume(%rip), %rax
    movq %rax, G_SCHED_PC(%rdx)
    movq %rbp, G_SCHED_BP(%rdx)
    // switch to m->g0 and its stack, call fn(g)
    SET_FS %rsi
    .cfi_undefined rip
    movq %gs:M_G0, %rsi
    movq G_SCHED_SP(%rsi), %rsp
    xorl %ebp, %ebp
    movq %rdx, %rdi
    call *%r8
    call rt0_badmcall2
    ud2
    .cfi_endproc
    .size rt0_mcall, . - rt0_mcall

// Where a goroutine that left by rt0_mcall or rt0_switch goes on.
// in: rsp a saved context.   out: as a return from the call that left.   Clobbers rcx.
    .globl rt0_resume
    .hidden rt0_resume
    .type rt0_resume, @function
    .cfi_startproc
    .cfi_def_cfa rsp, CONTEXT_BYTES
    .cfi_offset rbp, -16
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    .cfi_offset r13, -40
    .cfi_offset r14, -48
    .cfi_offset r15, -56
    nop                                 // unwinders look up pc - 1
rt0_resume:
    ldmxcsr CONTEXT_MXCSR(%rsp)
    fldcw CONTEXT_X87CW(%rsp)
    addq $CONTEXT_FP_BYTES, %rsp
    .cfi_adjust_cfa_offset -CONTEXT_FP_BYTES
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    ret
    .cfi_endproc
    .size rt0_resume, . - rt0_resume

// void rt0_switch(gobuf* from, gobuf* to)    goroutine to goroutine; returns when *from is resumed.
    .globl rt0_switch
    .hidden rt0_switch
    .type rt0_switch, @function
rt0_switch:
    .cfi_startproc
    SAVE_CONTEXT
    movq %rsp, GOBUF_SP(%rdi)
    leaq rt0_resume(%rip), %rax
    movq %rax, GOBUF_PC(%rdi)
    movq %rbp, GOBUF_BP(%rdi)
    movq %rsi, %r8
    jmp .Lgogo
    .cfi_endproc
    .size rt0_switch, . - rt0_switch

// void rt0_gogo(gobuf* buf)    restores state from buf; longjmp.
    .globl rt0_gogo
    .hidden rt0_gogo
    .type rt0_gogo, @function
rt0_gogo:
    .cfi_startproc
    .cfi_undefined rip
    movq %rdi, %r8
.Lgogo:
    movq GOBUF_G(%r8), %rdx
    movq TCB_SELF(%rdx), %rcx           // make sure g is there
    SET_FS %rdx
    movq GOBUF_SP(%r8), %rsp
    movq GOBUF_RET(%r8), %rax
    movq GOBUF_CTXT(%r8), %rdx
    movq GOBUF_BP(%r8), %rbp
    movq $0, GOBUF_SP(%r8)              // cleared: a stale sp is no root of a stack walk
    movq $0, GOBUF_RET(%r8)
    movq $0, GOBUF_CTXT(%r8)
    movq $0, GOBUF_BP(%r8)
    movq GOBUF_PC(%r8), %rcx
    jmp *%rcx
    .cfi_endproc
    .size rt0_gogo, . - rt0_gogo

// void rt0_systemstack(void (*fn)(void*), void* arg)
    .globl rt0_systemstack
    .hidden rt0_systemstack
    .type rt0_systemstack, @function
rt0_systemstack:
    .cfi_startproc
    cmpl $0, %gs:M_INSIG
    jne .Lnoswitch                      // already on the M's signal stack
    movq %fs:TCB_SELF, %rax
    movq %gs:M_G0, %rdx
    cmpq %rdx, %rax
    je .Lnoswitch
    cmpq %gs:M_CURG, %rax
    jne .Lbad

    // save our state, so that the goroutine can be walked from rt0_systemstack_switch
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    movq %rsp, G_SCHED_SP(%rax)
    leaq rt0_systemstack_switch(%rip), %rcx
    movq %rcx, G_SCHED_PC(%rax)
    movq %rbp, G_SCHED_BP(%rax)

    // switch to g0, call fn(arg)
    movq %rdi, %r8
    movq %rsi, %r9
    SET_FS %rdx
    movq G_SCHED_SP(%rdx), %rsp
    movq %r9, %rdi
    call *%r8

    // switch back to g
    movq %gs:M_CURG, %rdx
    SET_FS %rdx
    movq G_SCHED_SP(%rdx), %rsp
    movq $0, G_SCHED_SP(%rdx)
rt0_systemstack_switch:
    popq %rbp
    .cfi_def_cfa rsp, 8
    .cfi_restore rbp
    ret

.Lnoswitch:
    // a tail call: no frame of ours in a traceback
    movq %rdi, %rax
    movq %rsi, %rdi
    jmp *%rax

.Lbad:
    // not gsignal, not g0, not curg. What is it?
    call rt0_badsystemstack
    ud2
    .cfi_endproc
    .size rt0_systemstack, . - rt0_systemstack
    .globl rt0_systemstack_switch
    .hidden rt0_systemstack_switch

// First code of a goroutine. in: rdx its funcval, (%rsp) rt0_goexit + 1.
    .globl rt0_gostart
    .hidden rt0_gostart
    .type rt0_gostart, @function
    .cfi_startproc
    nop                                 // unwinders look up pc - 1
rt0_gostart:
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    ldmxcsr FUNCVAL_MXCSR(%rdx)
    fldcw FUNCVAL_X87CW(%rdx)
    call rt0_finish_switch
    popq %rdx
    .cfi_adjust_cfa_offset -8
    movq FUNCVAL_ARG(%rdx), %rdi
    jmp *FUNCVAL_FN(%rdx)
    .cfi_endproc
    .size rt0_gostart, . - rt0_gostart

// The frame under a goroutine's first function, which returns to rt0_goexit + 1.
    .globl rt0_goexit
    .hidden rt0_goexit
    .type rt0_goexit, @function
rt0_goexit:
    .cfi_startproc
    .cfi_undefined rip
    nop
    call rt0_goexit1
    ud2
    .cfi_endproc
    .size rt0_goexit, . - rt0_goexit

    .hidden rt0_badmcall
    .hidden rt0_badmcall2
    .hidden rt0_badsystemstack
    .hidden rt0_finish_switch
    .hidden rt0_goexit1
    .hidden rt0_has_fsgsbase
    .section .note.GNU-stack, "", @progbits
