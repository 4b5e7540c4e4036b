// RT0_TABLE: a large zeroed table goes behind the small variables, so that those which every start touches
// share pages. A page fault costs a microsecond or two, and an empty main takes ten of them.
#pragma once

#define RT0_TABLE __attribute__((section(".lbss.rt0_tables")))
