// For assembly: a zeroed variable that C++ reads by its name. Begins in .bss.
#ifndef RT0_AMD64_VARIABLE_H_
#define RT0_AMD64_VARIABLE_H_

    .macro RT0_VARIABLE name, bytes
    .globl \name
    .hidden \name
    .type \name, @object
    .size \name, \bytes
    .balign \bytes
\name:
    .zero \bytes
    .endm

#endif  // RT0_AMD64_VARIABLE_H_
