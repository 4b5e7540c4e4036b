// Tracebacks: a walk that begins anywhere, and a call that survives its own faults.
#include "rt0/layout.h"

    .text

// DWARF's register reg lies at rbx + 8 * reg. Always two bytes of SLEB128.
    .macro CFI_AT_RBX reg
    .cfi_escape DW_CFA_EXPRESSION, \reg, 3, DW_OP_BREG_RBX, ((8 * \reg) & 0x7f) | 0x80, (8 * \reg) >> 7
    .endm

// int rt0_unwind_from(const registers* from, int (*visit)(void*, void*), void* arg)
// libgcc's _Unwind_Backtrace walks from its own caller. This one's CFI says that its caller is the code
// that *from describes, interrupted at that very instruction: so the walk goes on there, on whatever stack.
    .globl rt0_unwind_from
    .hidden rt0_unwind_from
    .type rt0_unwind_from, @function
rt0_unwind_from:
    .cfi_startproc
    .cfi_signal_frame
    pushq %rbx
    movq %rdi, %rbx
    .cfi_escape DW_CFA_DEF_CFA_EXPRESSION, 4
    .cfi_escape DW_OP_BREG_RBX, ((8 * DW_RSP) & 0x7f) | 0x80, (8 * DW_RSP) >> 7, DW_OP_DEREF
    .irp reg, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    CFI_AT_RBX \reg
    .endr
    movq %rsi, %rdi
    movq %rdx, %rsi
    call rt0_lib__Unwind_Backtrace
    popq %rbx
    ret
    .cfi_endproc
    .size rt0_unwind_from, . - rt0_unwind_from

// void rt0_registers_here(registers* into)    the caller's, at this call.
    .globl rt0_registers_here
    .hidden rt0_registers_here
    .type rt0_registers_here, @function
rt0_registers_here:
    .cfi_startproc
    movq %rax, 8 * DW_RAX(%rdi)
    movq %rdx, 8 * DW_RDX(%rdi)
    movq %rcx, 8 * DW_RCX(%rdi)
    movq %rbx, 8 * DW_RBX(%rdi)
    movq %rsi, 8 * DW_RSI(%rdi)
    movq %rdi, 8 * DW_RDI(%rdi)
    movq %rbp, 8 * DW_RBP(%rdi)
    leaq 8(%rsp), %rax
    movq %rax, 8 * DW_RSP(%rdi)
    .irp reg, 8, 9, 10, 11, 12, 13, 14, 15
    movq %r\reg, 8 * \reg(%rdi)
    .endr
    movq (%rsp), %rax
    decq %rax                           // in the call: what follows may be another function
    movq %rax, 8 * DW_RIP(%rdi)
    ret
    .cfi_endproc
    .size rt0_registers_here, . - rt0_registers_here

// int rt0_guarded(void (*fn)(void*), void* arg, uintptr_t* guard)
// Calls fn(arg) and returns 0. While it runs *guard is not 0: who sends a fault in it to rt0_guarded_fault,
// with rsp = *guard, makes this return 1.
    .globl rt0_guarded
    .hidden rt0_guarded
    .type rt0_guarded, @function
rt0_guarded:
    .cfi_startproc
    .irp reg, rbp, rbx, r12, r13, r14, r15
    pushq %\reg
    .cfi_adjust_cfa_offset 8
    .endr
    .cfi_offset rbp, -16
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    .cfi_offset r13, -40
    .cfi_offset r14, -48
    .cfi_offset r15, -56
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    movq %rsp, (%rdx)
    movq %rdi, %rax
    movq %rsi, %rdi
    call *%rax
    xorl %eax, %eax
    jmp .Lleave
    .globl rt0_guarded_fault
    .hidden rt0_guarded_fault
rt0_guarded_fault:
    movl $1, %eax
.Lleave:
    popq %rdx
    .cfi_adjust_cfa_offset -8
    movq $0, (%rdx)
    .irp reg, r15, r14, r13, r12, rbx, rbp
    popq %\reg
    .cfi_adjust_cfa_offset -8
    .cfi_restore \reg
    .endr
    ret
    .cfi_endproc
    .size rt0_guarded, . - rt0_guarded

    .section .note.GNU-stack, "", @progbits
