// Where the kernel enters a signal handler, and where the handler returns to.
#include "rt0/layout.h"

    .text

// The handler of every signal that the runtime installs, on the M's signal stack, all signals blocked but
// faults. %fs is still the interrupted G's; m->insig says that this is no goroutine's code.
// in: edi signal, rsi siginfo, rdx ucontext, (%rsp) rt0_sigreturn.
    .globl rt0_sigtramp
    .hidden rt0_sigtramp
    .type rt0_sigtramp, @function
rt0_sigtramp:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    incl %gs:M_INSIG
    call rt0_sighandler
    decl %gs:M_INSIG
    popq %rbp
    .cfi_def_cfa rsp, 8
    .cfi_restore rbp
    ret
    .cfi_endproc
    .size rt0_sigtramp, . - rt0_sigtramp

// reg's value lies at rsp + offset: a DWARF expression, since no CFA rule can say where the frame under a
// signal's frame is. Always two bytes of SLEB128, so that one form serves all offsets (0 to 8191).
    .macro CFI_AT_RSP reg, offset
    .cfi_escape DW_CFA_EXPRESSION, \reg, 3, DW_OP_BREG_RSP, ((\offset) & 0x7f) | 0x80, (\offset) >> 7
    .endm

// in: rsp a ucontext. Never returns: the kernel goes on with what the ucontext says.
// gdb and libgcc know a signal's frame by exactly these nine bytes; libunwind wants the CFI.
    .type rt0_sigreturn, @function
    .cfi_startproc
    .cfi_signal_frame
    .cfi_escape DW_CFA_DEF_CFA_EXPRESSION, 4, DW_OP_BREG_RSP, (UC_RSP & 0x7f) | 0x80, UC_RSP >> 7, DW_OP_DEREF
    CFI_AT_RSP DW_RAX, UC_RAX
    CFI_AT_RSP DW_RDX, UC_RDX
    CFI_AT_RSP DW_RCX, UC_RCX
    CFI_AT_RSP DW_RBX, UC_RBX
    CFI_AT_RSP DW_RSI, UC_RSI
    CFI_AT_RSP DW_RDI, UC_RDI
    CFI_AT_RSP DW_RBP, UC_RBP
    CFI_AT_RSP DW_RSP, UC_RSP
    CFI_AT_RSP DW_R8, UC_R8
    CFI_AT_RSP DW_R9, UC_R9
    CFI_AT_RSP DW_R10, UC_R10
    CFI_AT_RSP DW_R11, UC_R11
    CFI_AT_RSP DW_R12, UC_R12
    CFI_AT_RSP DW_R13, UC_R13
    CFI_AT_RSP DW_R14, UC_R14
    CFI_AT_RSP DW_R15, UC_R15
    CFI_AT_RSP DW_RIP, UC_RIP
    nop                                 // unwinders look up pc - 1
    .globl rt0_sigreturn
    .hidden rt0_sigreturn
rt0_sigreturn:
    movq $SYS_RT_SIGRETURN, %rax        // 48 c7 c0 0f 00 00 00
    syscall                             // 0f 05
    .cfi_endproc
    .size rt0_sigreturn, . - rt0_sigreturn

    .hidden rt0_sighandler
    .section .note.GNU-stack, "", @progbits
