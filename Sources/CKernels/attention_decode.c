#include "include/kernels.h"
#include "softmax_row.h"
#include "widen.h"

/* One new row q (width) of one head against `count` cached rows of k and v, which lie `rowStride` apart:
   out = softmax(scale * q k') v. `scores` has room for count numbers. The cache is read once, in f32 or bf16;
   everything is computed in f32. */

enum {
  YY_COLUMNS = 4 * YY_LANES, /* of v that are summed in registers */
  YY_ROWS_AHEAD = 48         /* rows that are asked for before their use: they lie too far apart to be foreseen */
};

#define YY_ATTENTION_DECODE(NAME, TYPE, WIDEN, WIDEN_PART)                                              \
  YY_KERNEL void NAME(                                                                                  \
      float *out, float *scores, const float *q, const TYPE *k, const TYPE *v, float scale,             \
      intptr_t count, intptr_t rowStride, intptr_t width) {                                             \
    yy_f32 a, b;                                                                                        \
    for (intptr_t j = 0; j < count; j++) {                                                              \
      const TYPE *row = k + j * rowStride;                                                              \
      yy_f32 total = 0.0f;                                                                              \
      intptr_t i = 0;                                                                                   \
      for (; i + YY_LANES <= width; i += YY_LANES) {                                                    \
        if (i % (64 / (intptr_t)sizeof(TYPE)) == 0)                                                     \
          __builtin_prefetch(row + YY_ROWS_AHEAD * rowStride + i);                                      \
        WIDEN(&b, row + i);                                                                             \
        total += YY_LOAD(q + i) * b;                                                                    \
      }                                                                                                 \
      if (i < width) {                                                                                  \
        yy_load_part(&a, q + i, width - i, 0.0f);                                                       \
        WIDEN_PART(&b, row + i, width - i);                                                             \
        total += a * b;                                                                                 \
      }                                                                                                 \
      scores[j] = yy_sum(&total) * scale;                                                               \
    }                                                                                                   \
    float lse;                                                                                          \
    yy_softmax_row(scores, count, &lse);                                                                \
    intptr_t first = 0;                                                                                 \
    for (; first + YY_COLUMNS <= width; first += YY_COLUMNS) {                                          \
      yy_f32 sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};                                                        \
      for (intptr_t j = 0; j < count; j++) {                                                            \
        _Pragma("unroll") for (int c = 0; c < 4; c++) {                                                 \
          if (c * YY_LANES % (64 / (intptr_t)sizeof(TYPE)) == 0)                                        \
            __builtin_prefetch(v + (j + YY_ROWS_AHEAD) * rowStride + first + c * YY_LANES);             \
          WIDEN(&b, v + j * rowStride + first + c * YY_LANES);                                          \
          sums[c] += scores[j] * b;                                                                     \
        }                                                                                               \
      }                                                                                                 \
      for (int c = 0; c < 4; c++) YY_STORE(out + first + c * YY_LANES, sums[c]);                        \
    }                                                                                                   \
    for (; first < width; first += YY_LANES) {                                                          \
      const intptr_t columns = width - first < YY_LANES ? width - first : YY_LANES;                     \
      yy_f32 sum = 0.0f;                                                                                \
      for (intptr_t j = 0; j < count; j++) {                                                            \
        WIDEN_PART(&b, v + j * rowStride + first, columns);                                             \
        sum += scores[j] * b;                                                                           \
      }                                                                                                 \
      yy_store_part(out + first, &sum, columns);                                                        \
    }                                                                                                   \
  }

YY_ATTENTION_DECODE(yy_attention_decode, float, yy_widen_f32, yy_widen_f32_part)
YY_ATTENTION_DECODE(yy_attention_decode_bf16, uint16_t, yy_widen_bf16, yy_widen_bf16_part)
