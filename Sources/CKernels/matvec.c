#include "include/matvec.h"
#include "few_rows.h"

/* Weights of f32 or bf16 against x of f32, on any CPU; see few_rows.h. */

/* `R` rows of x, `inputs` apart, against one row of W. */
#define YY_DOT(NAME, TYPE, WIDEN, WIDEN_PART)                                                         \
  YY_INLINE void NAME(                                                                                \
      float *y, const float *x, const TYPE *w, const int R, intptr_t inputs, intptr_t outputs) {      \
    yy_f32 total[4][4] = {{0.0f}}, v, part;                                                           \
    intptr_t i = 0;                                                                                   \
    for (; i + 4 * YY_LANES <= inputs; i += 4 * YY_LANES) {                                           \
      if (sizeof(TYPE) == 2) {                                                                        \
        YY_PREFETCH(w + i);                                                                           \
        YY_PREFETCH(w + i + 32);                                                                      \
      }                                                                                               \
      _Pragma("unroll") for (int a = 0; a < 4; a++) {                                                 \
        WIDEN(&v, w + i + a * YY_LANES);                                                              \
        _Pragma("unroll") for (int r = 0; r < R; r++)                                                 \
            total[r][a] += YY_LOAD(x + r * inputs + i + a * YY_LANES) * v;                            \
      }                                                                                               \
    }                                                                                                 \
    for (; i < inputs; i += YY_LANES) {                                                               \
      const intptr_t count = inputs - i < YY_LANES ? inputs - i : YY_LANES;                           \
      WIDEN_PART(&v, w + i, count);                                                                   \
      _Pragma("unroll") for (int r = 0; r < R; r++) {                                                 \
        yy_load_part(&part, x + r * inputs + i, count, 0.0f);                                         \
        total[r][0] += part * v;                                                                      \
      }                                                                                               \
    }                                                                                                 \
    _Pragma("unroll") for (int r = 0; r < R; r++) {                                                   \
      v = (total[r][0] + total[r][1]) + (total[r][2] + total[r][3]);                                  \
      y[r * outputs] = yy_sum(&v);                                                                    \
    }                                                                                                 \
  }

YY_DOT(yy_dot_f32, float, yy_widen_f32, yy_widen_f32_part)
YY_DOT(yy_dot_bf16, uint16_t, yy_widen_bf16, yy_widen_bf16_part)

YY_KERNEL void yy_matvec_f32(
    float *y, const float *x, const float *w, intptr_t rows, intptr_t inputs, intptr_t outputs,
    intptr_t first, intptr_t end) {
  for (intptr_t n = first; n < end; n++) {
#define YY_ROWS(row, R) yy_dot_f32(y + row * outputs + n, x + row * inputs, w + n * inputs, R, inputs, outputs)
    YY_BY_ROWS(rows, YY_ROWS)
#undef YY_ROWS
  }
}

YY_KERNEL void yy_matvec_bf16(
    float *y, const float *x, const uint16_t *w, intptr_t rows, intptr_t inputs, intptr_t outputs,
    intptr_t first, intptr_t end) {
  for (intptr_t n = first; n < end; n++) {
#define YY_ROWS(row, R) yy_dot_bf16(y + row * outputs + n, x + row * inputs, w + n * inputs, R, inputs, outputs)
    YY_BY_ROWS(rows, YY_ROWS)
#undef YY_ROWS
  }
}
