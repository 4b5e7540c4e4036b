// _start and rt0_go: from the kernel's first instruction to mstart. Go's asm_amd64.s rt0_go, in its order.
//
// Differs from Go: the image relocates itself first; g0's TLS block needs PT_TLS, so rt0_tls_image may answer
// with another g0 than the static one; %gs is set to the M; the level is a property of the linked binary, not
// of the runtime's build.
// CPUID costs 4-5 us in a virtual machine: two here, five more only in a binary built for x86-64-v2 or above.
#include "rt0/amd64/variable.h"
#include "rt0/layout.h"

    .text

// in: (%rsp) argc, argv..., 0, envp..., 0, auxv...   The outermost frame: no return address.
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    movq %rsp, %rbx
    movq %rsp, %rdi
    andq $-16, %rsp
    call rt0_relocate
    movq (%rbx), %rdi                   // argc
    leaq 8(%rbx), %rsi                  // argv
    movq %rbx, %rsp
    jmp rt0_go
    .cfi_endproc
    .size _start, . - _start

// in: rdi argc, rsi argv. Never returns.
    .type rt0_go, @function
rt0_go:
    .cfi_startproc
    .cfi_undefined rip
    // copy arguments forward on an even stack
    movq %rdi, %rax
    movq %rsi, %rbx
    subq $RT0_GO_FRAME, %rsp
    andq $-16, %rsp
    movq %rax, RT0_GO_ARGC(%rsp)
    movq %rbx, RT0_GO_ARGV(%rsp)

    // create g0's stack out of the operating system's
    leaq rt0_g0_block + G0_TLS_ROOM(%rip), %rdi
    leaq -G0_STACK_BYTES + G0_STACK_SLACK(%rsp), %rbx
    movq %rbx, G_STACKGUARD0(%rdi)
    movq %rbx, G_STACKGUARD1(%rdi)
    movq %rbx, G_STACK_LO(%rdi)
    movq %rsp, G_STACK_HI(%rdi)

    // find out about the processor
    movl $0, %eax
    cpuid
    cmpl $0, %eax
    je .Lnocpuinfo
    cmpl $CPUID_GENU, %ebx
    jne .Lnotintel
    cmpl $CPUID_INEI, %edx
    jne .Lnotintel
    cmpl $CPUID_NTEL, %ecx
    jne .Lnotintel
    movb $1, rt0_is_intel(%rip)
.Lnotintel:
    movl $1, %eax
    cpuid
    movl %eax, rt0_processor_version_info(%rip)
    movl %ecx, rt0_cpuid1_ecx(%rip)
.Lnocpuinfo:
    movq %rdi, %r12                     // g0

    // hosted mode's door: it makes the TCB, so settls is skipped
    movq _cgo_init@GOTPCREL(%rip), %rax
    testq %rax, %rax
    jz .Lneedtls
    leaq rt0_setg(%rip), %rsi
    xorl %edx, %edx
    xorl %ecx, %ecx
    call *%rax
    // it may have moved the stack's bound
    movq G_STACK_LO(%r12), %rax
    addq $STACK_GUARD, %rax
    movq %rax, G_STACKGUARD0(%r12)
    movq %rax, G_STACKGUARD1(%r12)
    jmp .Lok

.Lneedtls:
    call rt0_tls_image
    movq %rax, %r12                     // g0, here or in a larger block
    // settls
    movq %r12, %rsi
    movl $ARCH_SET_FS, %edi
    movl $SYS_ARCH_PRCTL, %eax
    syscall
    testq %rax, %rax
    jnz .Labort
    // store through it, to make sure it works
    movq $0x123, %fs:TCB_SELF
    cmpq $0x123, TCB_SELF(%r12)
    jne .Labort

.Lok:
    // g0 is the running G; g0 <-> m0
    movq %r12, %fs:TCB_SELF
    leaq rt0_m0(%rip), %rbx
    movq %rbx, M_SELF(%rbx)
    movq %r12, M_G0(%rbx)
    movq %rbx, G_M(%r12)
    // %gs is the M
    movq %rbx, %rsi
    movl $ARCH_SET_GS, %edi
    movl $SYS_ARCH_PRCTL, %eax
    syscall
    testq %rax, %rax
    jnz .Labort

    cld                                 // the direction flag is always left cleared

    call rt0_check_level
    call rt0_irelative
    call rt0_check
    movl RT0_GO_ARGC(%rsp), %edi
    movq RT0_GO_ARGV(%rsp), %rsi
    call rt0_args
    call rt0_osinit
    call rt0_schedinit
    // create a new goroutine to start the program
    leaq rt0_main(%rip), %rdi
    xorl %esi, %esi
    call rt0_newproc
    // start this M
    call rt0_mstart
.Labort:
    call rt0_abort                      // mstart never returns
    ud2
    .cfi_endproc
    .size rt0_go, . - rt0_go

// The microarchitecture level that the binary was built for, tested as Go's NEED_* are. Does not return on a
// lesser CPU.
    .type rt0_check_level, @function
rt0_check_level:
    .cfi_startproc
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbx, -16
    call rt0_image_level
    movl %eax, %r14d
    cmpl $2, %r14d
    jb .Llevel_ok
    leal -2(%r14), %eax
    imull $LEVEL_ROW_BYTES, %eax, %eax
    leaq .Llevels(%rip), %r13
    addq %rax, %r13

    movl $0, %eax
    cpuid
    cmpl $0, %eax
    je .Lbad_cpu
    movl $1, %eax
    cpuid
    andl LEVEL_FEATURES_CX(%r13), %ecx
    cmpl LEVEL_FEATURES_CX(%r13), %ecx
    jne .Lbad_cpu

    movl $CPUID_MAX_EXT_LEAF, %eax
    cpuid
    cmpl $NEED_MAX_CPUID, %eax
    jb .Lbad_cpu

    cmpl $0, LEVEL_EXT_FEATURES_BX(%r13)
    je .Lno_leaf_7
    movl $7, %eax
    movl $0, %ecx
    cpuid
    andl LEVEL_EXT_FEATURES_BX(%r13), %ebx
    cmpl LEVEL_EXT_FEATURES_BX(%r13), %ebx
    jne .Lbad_cpu
.Lno_leaf_7:
    movl $CPUID_EXT_LEAF, %eax
    cpuid
    andl LEVEL_EXT_FEATURES_CX(%r13), %ecx
    cmpl LEVEL_EXT_FEATURES_CX(%r13), %ecx
    jne .Lbad_cpu

    cmpl $0, LEVEL_OS_SUPPORT_AX(%r13)
    je .Llevel_ok
    xorl %ecx, %ecx
    xgetbv
    andl LEVEL_OS_SUPPORT_AX(%r13), %eax
    cmpl LEVEL_OS_SUPPORT_AX(%r13), %eax
    jne .Lbad_cpu
.Llevel_ok:
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
.Lbad_cpu:
    movl %r14d, %edi
    call rt0_bad_cpu
    ud2
    .cfi_endproc
    .size rt0_check_level, . - rt0_check_level

// setg, for the hosted door. in: rdi G. Clobbers rax, rcx, rsi, rdi, r11.
    .type rt0_setg, @function
rt0_setg:
    .cfi_startproc
    movq %rdi, %rsi
    movl $ARCH_SET_FS, %edi
    movl $SYS_ARCH_PRCTL, %eax
    syscall
    ret
    .cfi_endproc
    .size rt0_setg, . - rt0_setg

    .section .rodata, "a", @progbits
    .balign 4
.Llevels:
    .long V2_FEATURES_CX, 0, V2_EXT_FEATURES_CX, 0
    .long V3_FEATURES_CX, V3_EXT_FEATURES_BX, V3_EXT_FEATURES_CX, V3_OS_SUPPORT_AX
    .long V3_FEATURES_CX, V4_EXT_FEATURES_BX, V3_EXT_FEATURES_CX, V4_OS_SUPPORT_AX

    .weak _cgo_init
    .hidden rt0_relocate
    .hidden rt0_tls_image
    .hidden rt0_image_level
    .hidden rt0_irelative
    .hidden rt0_bad_cpu
    .hidden rt0_check
    .hidden rt0_args
    .hidden rt0_osinit
    .hidden rt0_schedinit
    .hidden rt0_newproc
    .hidden rt0_main
    .hidden rt0_mstart
    .hidden rt0_abort
    .hidden rt0_g0_block
    .hidden rt0_m0

// What rt0_go learns; see cpu.h.
    .bss
    RT0_VARIABLE rt0_processor_version_info, 4
    RT0_VARIABLE rt0_cpuid1_ecx, 4
    RT0_VARIABLE rt0_is_intel, 1
    RT0_VARIABLE rt0_has_fsgsbase, 1

    .section .note.GNU-stack, "", @progbits
