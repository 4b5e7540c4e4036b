// The one table of numbers that assembly and C++ share: offsets, sizes, machine constants. No types.
//
// The upper floor proves every offset (runtime/sched/g.h, m.h): a field that moves is a compile error.
#ifndef RT0_LAYOUT_H_
#define RT0_LAYOUT_H_

// The version that moduledataverify compares: raise it with any change below.
#define RT0_LAYOUT_VERSION 3

// TCB: the first bytes of a G; %fs points at it. 0x00 and 0x28 are the psABI's and GCC's, 0x30, 0x34 and 0xa8
// are musl's.
#define TCB_SELF 0x00
#define TCB_DTV 0x08
#define TCB_CANARY 0x28
#define TCB_TID 0x30
#define TCB_ERRNO 0x34
#define TCB_LOCALE 0xa8
#define TCB_SIZE 0x100

// G, after its TCB.
#define G_STACK_LO 0x100
#define G_STACK_HI 0x108
#define G_STACKGUARD0 0x110
#define G_STACKGUARD1 0x118
#define G_M 0x120
#define G_SCHED 0x128
#define G_SCHED_SP 0x128
#define G_SCHED_PC 0x130
#define G_SCHED_BP 0x150
#define G_ATTENTION 0x167

// What newproc leaves in a G for rt0_gostart: function, argument, the creator's floating-point environment.
#define FUNCVAL_FN 0x00
#define FUNCVAL_ARG 0x08
#define FUNCVAL_MXCSR 0x10
#define FUNCVAL_X87CW 0x14

// An upper bound of sizeof(g), and the room for g0's TLS block below the static g0.
#define G_SIZE 0x380
#define G0_TLS_ROOM 2048

// gobuf, from its own start.
#define GOBUF_SP 0x00
#define GOBUF_PC 0x08
#define GOBUF_G 0x10
#define GOBUF_CTXT 0x18
#define GOBUF_RET 0x20
#define GOBUF_BP 0x28
#define GOBUF_SIZE 0x30

// M: %gs points at it.
#define M_SELF 0x00
#define M_G0 0x08
#define M_GSIGNAL 0x10
#define M_CURG 0x18
#define M_INSIG 0x20
#define M_LOCKS 0x24
#define M_MCACHE 0x28

// The operating system's stack: g0 owns [sp - G0_STACK_BYTES + G0_STACK_SLACK, sp), as in Go's rt0_go.
#define G0_STACK_BYTES 65536
#define G0_STACK_SLACK 104
// Distance of the stack guards from stack.lo (Go's StackGuard for linux/amd64).
#define STACK_GUARD 928

// rt0_go's frame on the OS stack: Go's "3args 2auto".
#define RT0_GO_FRAME 40
#define RT0_GO_ARGC 24
#define RT0_GO_ARGV 32

// The type of the note that leads a debugger to the runtime's table (its owner is "rt0").
#define NOTE_DEBUGGER 1

// Linux.
#define SYS_WRITE 1
#define SYS_CLONE 56
#define SYS_EXIT_GROUP 231
#define SYS_ARCH_PRCTL 158
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002

// CPUID(0): "GenuineIntel" in EBX, EDX, ECX.
#define CPUID_GENU 0x756e6547
#define CPUID_INEI 0x49656e69
#define CPUID_NTEL 0x6c65746e

// x86-64 microarchitecture levels, the masks of Go's asm_amd64.h (psABI table "Micro-Architecture Levels").
// CPUID(1).ECX: v2 = SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT; v3 adds FMA MOVBE OSXSAVE AVX F16C.
#define V2_FEATURES_CX ((1 << 0) | (1 << 9) | (1 << 13) | (1 << 19) | (1 << 20) | (1 << 23))
#define V3_FEATURES_CX (V2_FEATURES_CX | (1 << 12) | (1 << 22) | (1 << 27) | (1 << 28) | (1 << 29))
// CPUID(0x80000001).ECX: v2 = LAHF; v3 adds LZCNT (ABM).
#define V2_EXT_FEATURES_CX (1 << 0)
#define V3_EXT_FEATURES_CX (V2_EXT_FEATURES_CX | (1 << 5))
// CPUID(7,0).EBX: v3 = BMI1 AVX2 BMI2; v4 adds AVX512F DQ CD BW VL.
#define V3_EXT_FEATURES_BX ((1 << 3) | (1 << 5) | (1 << 8))
#define V4_EXT_FEATURES_BX (V3_EXT_FEATURES_BX | (1 << 16) | (1 << 17) | (1 << 28) | (1 << 30) | (1 << 31))
// XGETBV(0).EAX: v3 = SSE and AVX state; v4 adds opmask and both ZMM halves.
#define V3_OS_SUPPORT_AX 0x6
#define V4_OS_SUPPORT_AX 0xe6
#define NEED_MAX_CPUID 0x80000001
#define CPUID_MAX_EXT_LEAF 0x80000000
#define CPUID_EXT_LEAF 0x80000001
// One row of rt0_go's level table.
#define LEVEL_FEATURES_CX 0
#define LEVEL_EXT_FEATURES_BX 4
#define LEVEL_EXT_FEATURES_CX 8
#define LEVEL_OS_SUPPORT_AX 12
#define LEVEL_ROW_BYTES 16

// What a switch leaves on the stack of the goroutine that goes away, from its saved sp: see switch.S.
#define CONTEXT_MXCSR 0
#define CONTEXT_X87CW 4
#define CONTEXT_FP_BYTES 8
#define CONTEXT_BYTES 64

// rt0_asyncpreempt's frame: below the red zone and the interrupted pc stand the flags and rbp, then 14 other
// registers, then the extended state.
#define RED_ZONE_BYTES 128
#define PREEMPT_ENTRY_BYTES (RED_ZONE_BYTES + 8)
#define PREEMPT_GPR_BYTES (14 * 8)
#define PREEMPT_FRAME_BYTES (PREEMPT_GPR_BYTES + 3 * 8)
// rt0_debug_call's frame has a token between the flags and the pc; places from that of the saved rbp. What it
// may take of the stack that it comes in on, saved state included; the token's flag; what left the function.
#define DEBUG_CALL_ENTRY_BYTES (PREEMPT_ENTRY_BYTES + 8)
#define DEBUG_CALL_TOKEN 16
#define DEBUG_CALL_PC 24
#define DEBUG_CALL_SP (16 + DEBUG_CALL_ENTRY_BYTES)
#define DEBUG_CALL_STACK_BYTES 16384
#define DEBUG_CALL_HOLDS 1
#define DEBUG_CALL_EXCEPTION 0
#define DEBUG_CALL_FOREIGN 1
#define DEBUG_CALL_FORCED 2
// The extended state: the header's place and size, the components' bits, and by which instruction.
#define XSTATE_ALIGN 64
#define XSTATE_HEADER 512
#define XSTATE_HEADER_BYTES 64
#define XSTATE_AVX (1 << 2)
#define MXCSR_INITIAL 0x1f80
#define XSTATE_FXSAVE 0
#define XSTATE_XSAVE 1
#define XSTATE_XSAVEC 2

// A system call's arguments in memory, and what it answers when the goroutine's attention is wanted.
#define SYSCALL_A 0
#define SYSCALL_B 8
#define SYSCALL_C 16
#define SYSCALL_D 24
#define SYSCALL_E 32
#define SYSCALL_F 40
#define MINUS_EINTR -4

// A signal's frame: the registers in Linux's ucontext, and DWARF's numbers for its CFI.
#define SYS_RT_SIGRETURN 15
#define UC_R8 40
#define UC_R9 48
#define UC_R10 56
#define UC_R11 64
#define UC_R12 72
#define UC_R13 80
#define UC_R14 88
#define UC_R15 96
#define UC_RDI 104
#define UC_RSI 112
#define UC_RBP 120
#define UC_RBX 128
#define UC_RDX 136
#define UC_RAX 144
#define UC_RCX 152
#define UC_RSP 160
#define UC_RIP 168
#define UC_ERR 192
#define UC_TRAPNO 200
#define UC_CR2 216
#define UC_SIGMASK 296
// In glibc's alone (runtime/libc/members/ucontext.cc): where the floating-point state lies, and its mxcsr.
#define UC_FPREGS 224
#define UC_FPSTATE 424
#define UC_MXCSR 448
// An address in .eh_frame, relative to itself, in four bytes.
#define DW_EH_PE_PCREL_SDATA4 0x1b
#define DW_CFA_DEF_CFA_EXPRESSION 0x0f
#define DW_CFA_EXPRESSION 0x10
#define DW_OP_BREG_RBX 0x73
#define DW_OP_BREG_RSP 0x77
#define DW_OP_DEREF 0x06
#define DW_RAX 0
#define DW_RDX 1
#define DW_RCX 2
#define DW_RBX 3
#define DW_RSI 4
#define DW_RDI 5
#define DW_RBP 6
#define DW_RSP 7
#define DW_R8 8
#define DW_R9 9
#define DW_R10 10
#define DW_R11 11
#define DW_R12 12
#define DW_R13 13
#define DW_R14 14
#define DW_R15 15
#define DW_RIP 16

#endif  // RT0_LAYOUT_H_
