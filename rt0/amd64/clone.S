// The birth of an M's kernel thread (Go's sys_linux_amd64.s clone), and of a process that will call exec.
#include "rt0/layout.h"

    .text

// long rt0_clone(unsigned long flags, void* stack_hi, int* parent_tid, void* fs, void* gs)
// Returns the thread's id, or -errno. The child does not return: it runs rt0_mstart on its own stack.
// Signals are blocked by the caller: until %gs is set a handler would take the parent's M for its own.
    .globl rt0_clone
    .hidden rt0_clone
    .type rt0_clone, @function
rt0_clone:
    .cfi_startproc
    andq $-16, %rsi
    movq %r8, %r9                       // gs, kept by the system call as everything but rax, rcx, r11
    movq %rcx, %r8                      // fs
    xorl %r10d, %r10d                   // no child_tid
    movl $SYS_CLONE, %eax
    syscall
    testq %rax, %rax
    jz .Lchild
    ret

.Lchild:
    .cfi_undefined rip                  // the outermost frame
    xorl %ebp, %ebp
    testb $1, rt0_has_fsgsbase(%rip)
    jz 1f
    wrgsbase %r9
    jmp 2f
1:
    movl $ARCH_SET_GS, %edi
    movq %r9, %rsi
    movl $SYS_ARCH_PRCTL, %eax
    syscall
2:
    call rt0_mstart
    ud2
    .cfi_endproc
    .size rt0_clone, . - rt0_clone

// long rt0_clone_vfork(unsigned long flags, void* stack_hi, void (*fn)(void*), void* arg)
// The child calls fn(arg) on its own stack, with the caller's %fs and %gs, and does not return. Returns its
// id, or -errno, when it has called exec or ended.
    .globl rt0_clone_vfork
    .hidden rt0_clone_vfork
    .type rt0_clone_vfork, @function
rt0_clone_vfork:
    .cfi_startproc
    andq $-16, %rsi
    movq %rdx, %r9                      // fn, kept by the system call
    movq %rcx, %r8                      // arg
    xorl %edx, %edx                     // no parent_tid
    xorl %r10d, %r10d                   // no child_tid
    movl $SYS_CLONE, %eax
    syscall
    testq %rax, %rax
    jz .Lvfork_child
    ret

.Lvfork_child:
    .cfi_undefined rip                  // the outermost frame
    xorl %ebp, %ebp
    movq %r8, %rdi
    call *%r9
    ud2
    .cfi_endproc
    .size rt0_clone_vfork, . - rt0_clone_vfork

    .hidden rt0_mstart
    .hidden rt0_has_fsgsbase
    .section .note.GNU-stack, "", @progbits
