/* The softmax of one row, for the kernels of attention. */
#ifndef YY_SOFTMAX_ROW_H
#define YY_SOFTMAX_ROW_H

#include "vector.h"

/* Subtracts nothing it has not seen: a NaN score makes the whole row NaN through the sum. */
YY_INLINE void yy_softmax_row(float *s, intptr_t count, float *lse) {
  yy_f32 v, largest = -__builtin_inff(), total = 0.0f;
  intptr_t i = 0;
  for (; i + YY_LANES <= count; i += YY_LANES) {
    v = YY_LOAD(s + i);
    largest = v > largest ? v : largest;
  }
  if (i < count) {
    yy_load_part(&v, s + i, count - i, -__builtin_inff());
    largest = v > largest ? v : largest;
  }
  const float m = yy_max(&largest);
  for (i = 0; i + YY_LANES <= count; i += YY_LANES) {
    v = YY_LOAD(s + i) - m;
    yy_exp(&v, &v);
    total += v;
    YY_STORE(s + i, v);
  }
  if (i < count) {
    yy_load_part(&v, s + i, count - i, -__builtin_inff());
    v -= m;
    yy_exp(&v, &v);
    total += v;
    yy_store_part(s + i, &v, count - i);
  }
  const float sum = yy_sum(&total);
  const float inverse = 1.0f / sum;
  for (i = 0; i < count; i++) s[i] *= inverse;
  *lse = m + __builtin_logf(sum);
}

#endif
