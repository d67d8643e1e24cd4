#include "include/matvec.h"
#include "few_rows.h"

/* Weights in 8 bits as int8.c has them: W[n][k] = scale[n][k / 32] * code[n][k], against x of f32, or, where
   fewer bits will do, of whole numbers q too, 16 bits with a scale for every 32, which keep 15 bits of the
   largest of them. Products and their sums over a block are then exact, and
     y[r][n] = sum over blocks b of xscale[r][b] * scale[n][b] * (sum over k in b of q[r][k] * code[n][k]). */

enum { YY_BLOCK = YY_INT8_BLOCK };

typedef int8_t yy_i8x16_unaligned __attribute__((ext_vector_type(16), aligned(1)));
typedef int8_t yy_i8x32_unaligned __attribute__((ext_vector_type(32), aligned(1)));
typedef int16_t yy_i16x32 __attribute__((ext_vector_type(32)));
typedef int16_t yy_i16x32_unaligned __attribute__((ext_vector_type(32), aligned(2)));
typedef int32_t yy_i32x32 __attribute__((ext_vector_type(32)));

/* `R` rows of x, `inputs` apart, against one row of codes. */
YY_INLINE void yy_dot_int8_f32(
    float *y, const float *x, const int8_t *codes, const uint16_t *scales, const int R, intptr_t inputs,
    intptr_t outputs) {
  yy_f32 total[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  intptr_t i = 0;
  for (; i + YY_BLOCK <= inputs; i += YY_BLOCK, scales++) {
    const uint32_t bits = (uint32_t)*scales << 16;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    const yy_f32 low = __builtin_convertvector(*(const yy_i8x16_unaligned *)(codes + i), yy_f32);
    const yy_f32 high = __builtin_convertvector(*(const yy_i8x16_unaligned *)(codes + i + YY_LANES), yy_f32);
    _Pragma("unroll") for (int r = 0; r < R; r++) {
      const float *part = x + r * inputs + i;
      total[r] += (YY_LOAD(part) * low + YY_LOAD(part + YY_LANES) * high) * scale;
    }
  }
  if (i < inputs) {
    int8_t block[YY_BLOCK] = {0};
    memcpy(block, codes + i, (size_t)(inputs - i));
    const uint32_t bits = (uint32_t)*scales << 16;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    const yy_f32 low = __builtin_convertvector(*(const yy_i8x16_unaligned *)block, yy_f32);
    const yy_f32 high = __builtin_convertvector(*(const yy_i8x16_unaligned *)(block + YY_LANES), yy_f32);
    _Pragma("unroll") for (int r = 0; r < R; r++) {
      float part[YY_BLOCK] = {0.0f};
      memcpy(part, x + r * inputs + i, (size_t)(inputs - i) * sizeof(float));
      total[r] += (YY_LOAD(part) * low + YY_LOAD(part + YY_LANES) * high) * scale;
    }
  }
  _Pragma("unroll") for (int r = 0; r < R; r++) y[r * outputs] = yy_sum(&total[r]);
}

YY_KERNEL void yy_matvec_int8(
    float *y, const float *x, const int8_t *codes, const uint16_t *scales, intptr_t rows, intptr_t inputs,
    intptr_t outputs, intptr_t first, intptr_t end) {
  const intptr_t blocks = (inputs + YY_BLOCK - 1) / YY_BLOCK;
  for (intptr_t n = first; n < end; n++) {
#define YY_ROWS(row, R)                                                                                \
  yy_dot_int8_f32(                                                                                     \
      y + row * outputs + n, x + row * inputs, codes + n * inputs, scales + n * blocks, R, inputs, outputs)
    YY_BY_ROWS(rows, YY_ROWS)
#undef YY_ROWS
  }
}

/* Blocks whose numbers are all below 2^-100 become 0; one that holds a number that is not finite becomes
   NaN. `q` is (rows, blocks * 32) and `scales` (rows, blocks up to a multiple of 16), zeros behind the last. */
YY_KERNEL void yy_quantize_rows(
    int16_t *q, float *scales, const float *x, intptr_t rows, intptr_t inputs) {
  const intptr_t blocks = (inputs + YY_BLOCK - 1) / YY_BLOCK, stride = (blocks + 15) / 16 * 16;
  for (intptr_t row = 0; row < rows; row++, scales += stride) {
    for (intptr_t b = blocks; b < stride; b++) scales[b] = 0.0f;
    for (intptr_t b = 0; b < blocks; b++) {
      const intptr_t left = inputs - b * YY_BLOCK, count = left < YY_BLOCK ? left : YY_BLOCK;
      float block[YY_BLOCK] = {0.0f}, largest = 0.0f, sum = 0.0f;
      memcpy(block, x + row * inputs + b * YY_BLOCK, (size_t)count * sizeof(float));
      for (int i = 0; i < YY_BLOCK; i++) {
        const float magnitude = __builtin_fabsf(block[i]);
        largest = magnitude > largest ? magnitude : largest;
        sum += magnitude * 0.0f;
      }
      const int isFinite = sum == 0.0f, isSmall = largest < 0x1p-100f;
      const float inverse = isFinite && !isSmall ? 32767.0f / largest : 0.0f;
      const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
      for (int i = 0; i < YY_BLOCK; i++) {
        const float value = isFinite ? block[i] * inverse : 0.0f;
        q[(row * blocks + b) * YY_BLOCK + i] = (int16_t)(int32_t)((value + shift) - shift);
      }
      scales[b] = isFinite ? (isSmall ? 0.0f : largest / 32767.0f) : __builtin_nanf("");
    }
  }
}

/* The sums of pairs of products: exact, below 2^24, so exact in f32 as well. */
YY_INLINE void yy_block_sums(yy_f32 *out, const yy_i16x32 *w, const int16_t *q) {
  const yy_i16x32 x = *(const yy_i16x32_unaligned *)q;
  const yy_i32x32 products = __builtin_convertvector(*w, yy_i32x32) * __builtin_convertvector(x, yy_i32x32);
  const yy_i32 even = __builtin_shufflevector(
      products, products, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const yy_i32 odd = __builtin_shufflevector(
      products, products, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  *out = __builtin_convertvector(even + odd, yy_f32);
}

/* `R` rows of q, `blocks` apart, against one row of codes; `end` is that of the scales of all rows. */
YY_INLINE void yy_dot_int8_whole(
    float *y, const int16_t *q, const float *qscales, const int8_t *codes, const uint16_t *scales,
    const uint16_t *end, const int R, intptr_t inputs, intptr_t blocks, intptr_t outputs) {
  yy_f32 total[4][2] = {{0.0f}}, v;
  const intptr_t whole = inputs / YY_BLOCK, stride = (blocks + 15) / 16 * 16;
  for (intptr_t start = 0; start < blocks; start += YY_LANES) {
    const intptr_t count = blocks - start < YY_LANES ? blocks - start : YY_LANES;
    float factors[4][YY_LANES];
    yy_f32 scale;
    /* Scales behind the row's are loaded with it, those behind the matrix' are not there. */
    if (end - (scales + start) >= YY_LANES) yy_widen_bf16(&scale, scales + start);
    else yy_widen_bf16_part(&scale, scales + start, count);
    _Pragma("unroll") for (int r = 0; r < R; r++) {
      v = YY_LOAD(qscales + r * stride + start) * scale;
      memcpy(factors[r], &v, sizeof v);
    }
    const int16_t *p = q + start * YY_BLOCK;
    const int8_t *c = codes + start * YY_BLOCK;
    const intptr_t full = whole - start < count ? whole - start : count;
    intptr_t b = 0;
    for (; b + 2 <= full; b += 2) {
      _Pragma("unroll") for (int a = 0; a < 2; a++) {
        const yy_i16x32 w =
            __builtin_convertvector(*(const yy_i8x32_unaligned *)(c + (b + a) * YY_BLOCK), yy_i16x32);
        _Pragma("unroll") for (int r = 0; r < R; r++) {
          yy_block_sums(&v, &w, p + (r * blocks + b + a) * YY_BLOCK);
          total[r][a] += v * factors[r][b + a];
        }
      }
    }
    for (; b < count; b++) {
      int8_t block[YY_BLOCK] = {0};
      const intptr_t left = inputs - (start + b) * YY_BLOCK;
      memcpy(block, c + b * YY_BLOCK, (size_t)(left < YY_BLOCK ? left : YY_BLOCK));
      const yy_i16x32 w = __builtin_convertvector(*(const yy_i8x32_unaligned *)block, yy_i16x32);
      _Pragma("unroll") for (int r = 0; r < R; r++) {
        yy_block_sums(&v, &w, p + (r * blocks + b) * YY_BLOCK);
        total[r][0] += v * factors[r][b];
      }
    }
  }
  _Pragma("unroll") for (int r = 0; r < R; r++) {
    v = total[r][0] + total[r][1];
    y[r * outputs] = yy_sum(&v);
  }
}

YY_KERNEL void yy_matvec_int8_whole(
    float *y, const int16_t *q, const float *qscales, const int8_t *codes, const uint16_t *scales, intptr_t rows,
    intptr_t inputs, intptr_t outputs, intptr_t first, intptr_t end) {
  const intptr_t blocks = (inputs + YY_BLOCK - 1) / YY_BLOCK, stride = (blocks + 15) / 16 * 16;
  for (intptr_t n = first; n < end; n++) {
#define YY_ROWS(row, R)                                                                                 \
  yy_dot_int8_whole(                                                                                    \
      y + row * outputs + n, q + row * blocks * YY_BLOCK, qscales + row * stride, codes + n * inputs,   \
      scales + n * blocks, scales + outputs * blocks, R, inputs, blocks, outputs)
    YY_BY_ROWS(rows, YY_ROWS)
#undef YY_ROWS
  }
}
