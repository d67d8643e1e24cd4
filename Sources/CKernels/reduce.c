#include "include/kernels.h"
#include "vector.h"

/* Sum of x^2, every square and sum in f64. */
YY_KERNEL double yy_squared_norm(const float *x, intptr_t count) {
  yy_f64 total = 0.0;
  yy_f32 part;
  intptr_t i = 0;
  for (; i + YY_LANES <= count; i += YY_LANES) {
    const yy_f64 v = __builtin_convertvector(YY_LOAD(x + i), yy_f64);
    total += v * v;
  }
  if (i < count) {
    yy_load_part(&part, x + i, count - i, 0.0f);
    const yy_f64 v = __builtin_convertvector(part, yy_f64);
    total += v * v;
  }
  return yy_sum64(&total);
}

/* Index of the first NaN or infinity, or -1: a number times 0 is 0 exactly when it is finite. */
YY_KERNEL intptr_t yy_first_non_finite(const float *x, intptr_t count) {
  intptr_t i = 0;
  for (; i + 4 * YY_LANES <= count; i += 4 * YY_LANES) {
    const yy_f32 zeros = (YY_LOAD(x + i) * 0.0f + YY_LOAD(x + i + 16) * 0.0f)
        + (YY_LOAD(x + i + 32) * 0.0f + YY_LOAD(x + i + 48) * 0.0f);
    if (yy_sum(&zeros) != 0.0f) break;
  }
  for (; i < count; i++)
    if (x[i] * 0.0f != 0.0f) return i;
  return -1;
}
