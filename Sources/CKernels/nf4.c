#include "include/quantize.h"
#include "vector.h"

/* NF4 with double quantisation (Dettmers and others 2023, arXiv:2305.14314), as bitsandbytes stores it. The
   elements of a matrix, row after row, are cut into blocks of 64. An element's code is the entry of the table
   nearest to element / absmax of its block; absmax less its mean over the matrix is itself stored as the
   nearest entry of a map of 256 values, times the largest magnitude of its 256 blocks:

     value = table[code] * absmax'      absmax' = map[absmax code] * nested + offset

   in f32 with one rounding an operation, whatever the CPU. Between two entries the smaller magnitude of
   difference wins, a tie goes to the lower one. */

/* Quantiles of a normal distribution, scaled to [-1, 1] and with an exact zero (the paper's appendix E). */
const float yy_nf4_table[16] = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
    -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
    0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
    0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};

/* Smaller magnitudes have no reciprocal in f32. */
#define LEAST 1e-38f

enum { BLOCK = YY_NF4_BLOCK, NESTED = YY_NF4_NESTED_BLOCK };

typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x8 __attribute__((ext_vector_type(8)));
typedef uint16_t u16x8 __attribute__((ext_vector_type(8)));

/* MARK: Quantising */

/* codes of x (64, the rest of a shorter block being zeros) * 1 / absmax, which is returned. */
YY_INLINE float quantize_block(uint8_t *codes, const float *x) {
  yy_f32 largest = 0.0f, v;
  for (int i = 0; i < BLOCK; i += YY_LANES) {
    v = __builtin_elementwise_abs(YY_LOAD(x + i));
    largest = v > largest ? v : largest;
  }
  const float absmax = yy_max(&largest);
  const yy_f32 factor = 1.0f / (absmax < LEAST ? LEAST : absmax);
  for (int i = 0; i < BLOCK; i += YY_LANES) {
    v = YY_LOAD(x + i) * factor;
    yy_i32 code = 0;
    for (int entry = 0; entry < 15; entry++) {
      const yy_f32 bound = (yy_nf4_table[entry] + yy_nf4_table[entry + 1]) / 2.0f;
      code -= v > bound; /* a true lane is -1 */
    }
    const u8x16 narrow = __builtin_convertvector(code, u8x16);
    const u8x8 packed = narrow.even << (uint8_t)4 | narrow.odd;
    memcpy(codes + i / 2, &packed, sizeof packed);
  }
  return absmax;
}

/* The codes and the absmax of the blocks of `count` elements, all whole but the last, whose codes are filled
   up with those of zeros. */
YY_KERNEL void yy_nf4_quantize(uint8_t *codes, float *absmax, const float *x, intptr_t count) {
  intptr_t i = 0;
  for (; i + BLOCK <= count; i += BLOCK) *absmax++ = quantize_block(codes + i / 2, x + i);
  if (i == count) return;
  float last[BLOCK] = {0};
  memcpy(last, x + i, (size_t)(count - i) * sizeof(float));
  *absmax = quantize_block(codes + i / 2, last);
}

/* The number of bounds between neighbours of the map that are below v. */
YY_INLINE uint8_t nearest(const float *map, float v) {
  int low = 0, high = NESTED - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (v > (map[middle] + map[middle + 1]) / 2.0f) low = middle + 1;
    else high = middle;
  }
  return (uint8_t)low;
}

/* The codes of absmax - offset in whole blocks of 256 but for the last, and the largest magnitude of each. */
void yy_nf4_quantize_absmax(
    uint8_t *codes, float *nested, const float *absmax, float offset, const float *map, intptr_t blocks) {
  for (intptr_t start = 0; start < blocks; start += NESTED) {
    const intptr_t end = start + NESTED < blocks ? start + NESTED : blocks;
    float largest = 0.0f;
    for (intptr_t i = start; i < end; i++) {
      const float magnitude = __builtin_fabsf(absmax[i] - offset);
      largest = magnitude > largest ? magnitude : largest;
    }
    *nested++ = largest;
    const float factor = 1.0f / (largest < LEAST ? LEAST : largest);
    for (intptr_t i = start; i < end; i++)
      codes[i] = largest > 0.0f ? nearest(map, (absmax[i] - offset) * factor) : 0;
  }
}

/* MARK: Dequantising */

YY_INLINE float block_absmax(const yy_nf4_weight *weight, intptr_t block) {
  return weight->map[weight->absmax[block]] * weight->nested[block / NESTED] + weight->offset;
}

/* The absmax of blocks first ..< first + count, dequantised. */
void yy_nf4_absmax(float *out, yy_nf4_weight weight, intptr_t first, intptr_t count) {
  for (intptr_t i = 0; i < count; i++) out[i] = block_absmax(&weight, first + i);
}

/* out = table[codes]: one shuffle where the CPU has it. The optimiser must not see through the result, or it
   takes the shuffle apart again to join it with those that follow. */
YY_INLINE void look_up(u8x16 *out, const u8x16 *table, const u8x16 *codes) {
  u8x16 found = __builtin_shufflevector(*table, *codes);
#if defined(__x86_64__)
  __asm__("" : "+x"(found));
#endif
  *out = found;
}

#define INTERLEAVE_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVE_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define INTERLEAVE_LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define INTERLEAVE_HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/* 32 codes in the order of their elements, from 16 bytes. */
YY_INLINE void unpack(u8x16 codes[2], const uint8_t *packed) {
  u8x16 bytes;
  memcpy(&bytes, packed, sizeof bytes);
  const u8x16 first = bytes >> (uint8_t)4, second = bytes & (uint8_t)15;
  codes[0] = INTERLEAVE_LOW(first, second);
  codes[1] = INTERLEAVE_HIGH(first, second);
}

YY_INLINE void scaled_table(yy_u32 *bits, float absmax) {
  const yy_f32 values = YY_LOAD(yy_nf4_table) * absmax;
  memcpy(bits, &values, sizeof values);
}

YY_INLINE void dequantize_block(float *out, const uint8_t *packed, float absmax) {
  yy_u32 bits;
  scaled_table(&bits, absmax);
  u8x16 planes[4], codes[2];
  for (int p = 0; p < 4; p++) planes[p] = __builtin_convertvector(bits >> (uint32_t)(8 * p) & 255u, u8x16);
  for (int half = 0; half < 2; half++, packed += 16) {
    unpack(codes, packed);
    for (int i = 0; i < 2; i++, out += 16) {
      u8x16 a, b, c, d;
      look_up(&a, &planes[0], &codes[i]);
      look_up(&b, &planes[1], &codes[i]);
      look_up(&c, &planes[2], &codes[i]);
      look_up(&d, &planes[3], &codes[i]);
      const u16x8 low[2] = {(u16x8)INTERLEAVE_LOW(a, b), (u16x8)INTERLEAVE_HIGH(a, b)};
      const u16x8 high[2] = {(u16x8)INTERLEAVE_LOW(c, d), (u16x8)INTERLEAVE_HIGH(c, d)};
      for (int j = 0; j < 2; j++) {
        const u16x8 first = INTERLEAVE_LOW_PAIRS(low[j], high[j]);
        const u16x8 second = INTERLEAVE_HIGH_PAIRS(low[j], high[j]);
        memcpy(out + 8 * j, &first, sizeof first);
        memcpy(out + 8 * j + 4, &second, sizeof second);
      }
    }
  }
}

YY_INLINE void dequantize_block_bfloat16(uint16_t *out, const uint8_t *packed, float absmax) {
  yy_u32 bits;
  scaled_table(&bits, absmax);
  const yy_u32 rounded = bits + 0x7FFFu + (bits >> 16 & 1u); /* to nearest, ties to even */
  const u8x16 low = __builtin_convertvector(rounded >> 16 & 255u, u8x16);
  const u8x16 high = __builtin_convertvector(rounded >> 24, u8x16);
  u8x16 codes[2];
  for (int half = 0; half < 2; half++, packed += 16) {
    unpack(codes, packed);
    for (int i = 0; i < 2; i++, out += 16) {
      u8x16 a, b;
      look_up(&a, &low, &codes[i]);
      look_up(&b, &high, &codes[i]);
      const u8x16 first = INTERLEAVE_LOW(a, b), second = INTERLEAVE_HIGH(a, b);
      memcpy(out, &first, sizeof first);
      memcpy(out + 8, &second, sizeof second);
    }
  }
}

/* Elements first ..< first + count: the blocks that lie inside go straight to `out`, the two at the ends
   through a block of their own. */
#define DEQUANTIZE(block_function, element)                                                  \
  const intptr_t end = first + count;                                                        \
  for (intptr_t block = first / BLOCK; block * BLOCK < end; block++) {                       \
    const intptr_t start = block * BLOCK;                                                    \
    const uint8_t *packed = weight.codes + start / 2;                                        \
    const float absmax = block_absmax(&weight, block);                                       \
    if (start >= first && start + BLOCK <= end) {                                            \
      block_function(out + (start - first), packed, absmax);                                 \
    } else {                                                                                 \
      element whole[BLOCK];                                                                  \
      block_function(whole, packed, absmax);                                                 \
      const intptr_t from = start < first ? first : start;                                   \
      const intptr_t to = start + BLOCK < end ? start + BLOCK : end;                         \
      memcpy(out + (from - first), whole + (from - start), (size_t)(to - from) * sizeof *out); \
    }                                                                                        \
  }

YY_KERNEL void yy_nf4_dequantize(float *out, yy_nf4_weight weight, intptr_t first, intptr_t count) {
  DEQUANTIZE(dequantize_block, float)
}

YY_KERNEL void yy_nf4_dequantize_bfloat16(
    uint16_t *out, yy_nf4_weight weight, intptr_t first, intptr_t count) {
  DEQUANTIZE(dequantize_block_bfloat16, uint16_t)
}
