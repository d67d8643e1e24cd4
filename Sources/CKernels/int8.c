#include "include/quantize.h"
#include "vector.h"

/* Eight bits in blocks of 32 along a row (a row's last block may be shorter): value = code * scale, code a
   whole number in -127 ... 127, scale a bf16 number. The scale is absmax / 127 rounded up, so that no code is
   cut off, and a code is element / scale rounded to nearest, ties to even; the product is exact in f32. A row
   of n columns has (n + 31) / 32 scales. */

enum { BLOCK = YY_INT8_BLOCK };

typedef int8_t i8x16 __attribute__((ext_vector_type(16)));
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));

YY_INLINE float from_bfloat16(uint16_t value) {
  const uint32_t bits = (uint32_t)value << 16;
  float out;
  memcpy(&out, &bits, sizeof out);
  return out;
}

/* The bf16 number next above a positive one, or itself. */
YY_INLINE uint16_t bfloat16_above(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits + 0xFFFFu) >> 16);
}

/* Codes of x (32, the rest of a shorter block being zeros); returns the scale. */
YY_INLINE uint16_t quantize_block(int8_t *codes, const float *x) {
  yy_f32 largest = 0.0f, v;
  for (int i = 0; i < BLOCK; i += YY_LANES) {
    v = __builtin_elementwise_abs(YY_LOAD(x + i));
    largest = v > largest ? v : largest;
  }
  const uint16_t scale = bfloat16_above(yy_max(&largest) / 127.0f);
  const yy_f32 divisor = scale == 0 ? 1.0f : from_bfloat16(scale);
  const yy_f32 shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
  for (int i = 0; i < BLOCK; i += YY_LANES) {
    v = (YY_LOAD(x + i) / divisor + shift) - shift;
    const i8x16 narrow = __builtin_convertvector(__builtin_convertvector(v, yy_i32), i8x16);
    memcpy(codes + i, &narrow, sizeof narrow);
  }
  return scale;
}

YY_KERNEL void yy_int8_quantize(
    int8_t *codes, uint16_t *scales, const float *x, intptr_t rows, intptr_t columns) {
  for (intptr_t row = 0; row < rows; row++, codes += columns, x += columns) {
    intptr_t i = 0;
    for (; i + BLOCK <= columns; i += BLOCK) *scales++ = quantize_block(codes + i, x + i);
    if (i == columns) continue;
    float last[BLOCK] = {0};
    int8_t cut[BLOCK];
    memcpy(last, x + i, (size_t)(columns - i) * sizeof(float));
    *scales++ = quantize_block(cut, last);
    memcpy(codes + i, cut, (size_t)(columns - i));
  }
}

YY_INLINE void dequantize_lanes(yy_f32 *out, const int8_t *codes, float scale) {
  i8x16 narrow;
  memcpy(&narrow, codes, sizeof narrow);
  *out = __builtin_convertvector(narrow, yy_f32) * scale;
}

YY_INLINE uint16_t to_bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16); /* to nearest, ties to even */
}

YY_KERNEL void yy_int8_dequantize(
    float *out, const int8_t *codes, const uint16_t *scales, intptr_t rows, intptr_t columns) {
  for (intptr_t row = 0; row < rows; row++, codes += columns, out += columns) {
    intptr_t i = 0;
    for (; i + BLOCK <= columns; i += BLOCK) {
      const float scale = from_bfloat16(*scales++);
      yy_f32 v;
      for (int j = 0; j < BLOCK; j += YY_LANES) {
        dequantize_lanes(&v, codes + i + j, scale);
        YY_STORE(out + i + j, v);
      }
    }
    if (i == columns) continue;
    const float scale = from_bfloat16(*scales++);
    for (; i < columns; i++) out[i] = (float)codes[i] * scale;
  }
}

YY_KERNEL void yy_int8_dequantize_bfloat16(
    uint16_t *out, const int8_t *codes, const uint16_t *scales, intptr_t rows, intptr_t columns) {
  for (intptr_t row = 0; row < rows; row++, codes += columns, out += columns) {
    intptr_t i = 0;
    for (; i + BLOCK <= columns; i += BLOCK) {
      const float scale = from_bfloat16(*scales++);
      yy_f32 v;
      for (int j = 0; j < BLOCK; j += YY_LANES) {
        dequantize_lanes(&v, codes + i + j, scale);
        yy_u32 bits;
        memcpy(&bits, &v, sizeof bits);
        const yy_u32 rounded = bits + 0x7FFFu + (bits >> 16 & 1u);
        const u16x16 narrow = __builtin_convertvector(rounded >> 16, u16x16);
        memcpy(out + i + j, &narrow, sizeof narrow);
      }
    }
    if (i == columns) continue;
    const float scale = from_bfloat16(*scales++);
    for (; i < columns; i++) out[i] = to_bfloat16((float)codes[i] * scale);
  }
}
