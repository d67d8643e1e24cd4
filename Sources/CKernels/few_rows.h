/* A few rows x (R, K) times a weight W (N, K): y[r][n] = sum over k of x[r][k] * W[n][k]. Reading W once is
   the work, so it goes through memory from end to end; up to four rows of x share what was read while it is
   in registers, more while it is in the first cache. Every result is summed in an order of its own that
   depends on K alone: the same bits whether rows come alone or together, and for any cut of 0..<N. */
#ifndef YY_FEW_ROWS_H
#define YY_FEW_ROWS_H

#include "widen.h"

/* How far ahead of its use a weight is asked for, where so much is computed between two loads that the CPU does
   not run far enough ahead by itself: for NF4, and for bf16 made f32. Elsewhere it is faster left alone. */
enum { YY_AHEAD = 2048 };

#define YY_PREFETCH(pointer) __builtin_prefetch((const char *)(pointer) + YY_AHEAD, 0, 3)

/* DOT(row, count) for rows of x, four, two or one at a time, with `count` known when it is compiled. */
#define YY_BY_ROWS(rows, DOT)                         \
  for (intptr_t row = 0; row < (rows);) {             \
    if ((rows) - row >= 4) {                          \
      DOT(row, 4);                                    \
      row += 4;                                       \
    } else if ((rows) - row >= 2) {                   \
      DOT(row, 2);                                    \
      row += 2;                                       \
    } else {                                          \
      DOT(row, 1);                                    \
      row += 1;                                       \
    }                                                 \
  }

#endif
