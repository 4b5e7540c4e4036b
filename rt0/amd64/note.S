// The note by which a debugger knows an rt0 program, and finds its way in it: how far from the note's last
// word rt0_debugger_table is. A distance needs no relocation, and strip keeps a note.
#include "rt0/layout.h"

    .section .note.rt0, "a", @note
    .balign 4
    .long 2f - 1f
    .long 4f - 3f
    .long NOTE_DEBUGGER
1:  .asciz "rt0"
2:  .balign 4
3:  .quad rt0_debugger_table - .
4:
    .hidden rt0_debugger_table

    .section .note.GNU-stack, "", @progbits
