// The registers' half of <ucontext.h>, for glibc's ucontext_t: a stack of the program's own, inside whatever
// goroutine runs it. %fs is left alone, so thread-local storage and errno are the running goroutine's, as
// they are the running thread's in glibc. The other half (the signal mask, makecontext's arguments) is
// runtime/libc/members/ucontext.cc.
//
// Not in the core: it runs as any code of the program's, and is linked where it is used.
#include "rt0/layout.h"

    .text

// The caller's registers into the ucontext_t at rdi, as they will be when it returns. Clobbers rax, r11.
    .macro SAVE_UCONTEXT
    movq %rbx, UC_RBX(%rdi)
    movq %rbp, UC_RBP(%rdi)
    movq %r12, UC_R12(%rdi)
    movq %r13, UC_R13(%rdi)
    movq %r14, UC_R14(%rdi)
    movq %r15, UC_R15(%rdi)
    movq (%rsp), %rax                   // where the caller goes on
    movq %rax, UC_RIP(%rdi)
    leaq 8(%rsp), %rax                  // and its stack by then
    movq %rax, UC_RSP(%rdi)
    leaq UC_FPSTATE(%rdi), %rax
    movq %rax, UC_FPREGS(%rdi)
    fnstcw UC_FPSTATE(%rdi)
    stmxcsr UC_MXCSR(%rdi)
    .endm

// int getcontext(ucontext_t*)
    .globl getcontext
    .type getcontext, @function
getcontext:
    .cfi_startproc
    SAVE_UCONTEXT
    jmp rt0_ucontext_got                // returns to our caller
    .cfi_endproc
    .size getcontext, . - getcontext

// int swapcontext(ucontext_t* save, const ucontext_t* go)     returns when `save` is set
    .globl swapcontext
    .type swapcontext, @function
swapcontext:
    .cfi_startproc
    SAVE_UCONTEXT
    jmp rt0_ucontext_swap
    .cfi_endproc
    .size swapcontext, . - swapcontext

// [[noreturn]] void rt0_ucontext_load(const ucontext_t*)
    .globl rt0_ucontext_load
    .hidden rt0_ucontext_load
    .type rt0_ucontext_load, @function
rt0_ucontext_load:
    .cfi_startproc
    fldcw UC_FPSTATE(%rdi)
    ldmxcsr UC_MXCSR(%rdi)
    movq UC_RIP(%rdi), %r11
    .cfi_register rip, r11
    movq UC_RBX(%rdi), %rbx
    movq UC_RBP(%rdi), %rbp
    movq UC_R12(%rdi), %r12
    movq UC_R13(%rdi), %r13
    movq UC_R14(%rdi), %r14
    movq UC_R15(%rdi), %r15
    movq UC_RSP(%rdi), %rsp
    .cfi_def_cfa rsp, 0
    movq UC_RSI(%rdi), %rsi             // makecontext's arguments
    movq UC_RDX(%rdi), %rdx
    movq UC_RCX(%rdi), %rcx
    movq UC_R8(%rdi), %r8
    movq UC_R9(%rdi), %r9
    movq UC_RDI(%rdi), %rdi
    xorl %eax, %eax                     // what getcontext and swapcontext return
    jmp *%r11
    .cfi_endproc
    .size rt0_ucontext_load, . - rt0_ucontext_load

// Where makecontext's function returns to: the stack's outermost frame. in: rbx uc_link
    .cfi_startproc
    .cfi_undefined rip
    nop                                 // unwinders look up pc - 1
    .globl rt0_ucontext_return
    .hidden rt0_ucontext_return
    .type rt0_ucontext_return, @function
rt0_ucontext_return:
    movq %rbx, %rdi
    andq $-16, %rsp
    xorl %ebp, %ebp
    call rt0_ucontext_end
    ud2
    .cfi_endproc
    .size rt0_ucontext_return, . - rt0_ucontext_return

    .section .note.GNU-stack, "", @progbits
