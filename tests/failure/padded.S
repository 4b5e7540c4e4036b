// padded(word, look): a function without unwind tables, as musl's pipe is: it pushes nothing, and aligns the
// stack by a word that nobody writes. Here it holds what the test gives it. jumps_to_padded goes there
// without a call, as epoll_wait to epoll_pwait.
    .text
    .globl jumps_to_padded
    .type jumps_to_padded, @function
jumps_to_padded:
    nop
    jmp padded
    .size jumps_to_padded, . - jumps_to_padded
    .globl padded
    .type padded, @function
padded:
    subq $8, %rsp
    movq %rdi, (%rsp)
    call *%rsi
    addq $8, %rsp
    ret
    .size padded, . - padded
    .section .note.GNU-stack, "", @progbits
