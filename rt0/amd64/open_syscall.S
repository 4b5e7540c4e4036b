// rt0_open_syscall: a system call that ends, or is not begun, when the goroutine's attention is wanted.
//
// A look and then the instruction would leave a gap in which a signal is lost. So the place between is known
// by its labels: SIGURG's handler that finds the interrupted pc in [rt0_open_syscall_begin, _end) moves it to
// _refused. The kernel, too, leaves a call that it would restart at its instruction, inside. (musl ends its
// cancellable calls in this way.)
#include "rt0/layout.h"

    .text

// long rt0_open_syscall(long nr, const long args[6], unsigned char open_to)
// The kernel's value; -EINTR if a bit of open_to was in the goroutine's attention first.
    .globl rt0_open_syscall
    .hidden rt0_open_syscall
    .type rt0_open_syscall, @function
rt0_open_syscall:
    .cfi_startproc
    pushq %rbp                          // where a walk finds it that knows pc and sp alone (unwind/stall.cc)
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbp, -16
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbx, -24
    movl %edx, %ebx                     // where the handler finds it
    movq %rdi, %rax
    movq %rsi, %r11
    movq SYSCALL_A(%r11), %rdi
    movq SYSCALL_B(%r11), %rsi
    movq SYSCALL_C(%r11), %rdx
    movq SYSCALL_D(%r11), %r10
    movq SYSCALL_E(%r11), %r8
    movq SYSCALL_F(%r11), %r9
    .globl rt0_open_syscall_begin
    .hidden rt0_open_syscall_begin
rt0_open_syscall_begin:
    testb %bl, %fs:G_ATTENTION
    jnz rt0_open_syscall_refused
    syscall
    .globl rt0_open_syscall_end
    .hidden rt0_open_syscall_end
rt0_open_syscall_end:
    .cfi_remember_state
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    ret
    .cfi_restore_state
    .globl rt0_open_syscall_refused
    .hidden rt0_open_syscall_refused
rt0_open_syscall_refused:
    movq $MINUS_EINTR, %rax
    jmp rt0_open_syscall_end
    .cfi_endproc
    .size rt0_open_syscall, . - rt0_open_syscall

    .section .note.GNU-stack, "", @progbits
