#define _GNU_SOURCE /* sincos */
#include <math.h>

#include "include/kernels.h"
#include "vector.h"

/* Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a counter of 128 bits
   and a key of 64 bits become 128 random bits. No state: block number n of a key can be made alone, on any
   thread. */

enum { YY_ROUNDS = 10 };
static const uint32_t multiplier0 = 0xD2511F53u, multiplier1 = 0xCD9E8D57u;
static const uint32_t weyl0 = 0x9E3779B9u, weyl1 = 0xBB67AE85u;

void yy_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]) {
  uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3], k0 = key[0], k1 = key[1];
  for (int round = 0; round < YY_ROUNDS; round++, k0 += weyl0, k1 += weyl1) {
    const uint64_t p = (uint64_t)multiplier0 * a, q = (uint64_t)multiplier1 * c;
    a = (uint32_t)(q >> 32) ^ b ^ k0;
    c = (uint32_t)(p >> 32) ^ d ^ k1;
    b = (uint32_t)q;
    d = (uint32_t)p;
  }
  out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

static void yy_block(uint32_t out[4], uint64_t block, uint64_t key, uint64_t high) {
  const uint32_t counter[4] = {
      (uint32_t)block, (uint32_t)(block >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
  const uint32_t keys[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
  yy_philox(out, counter, keys);
}

YY_INLINE void yy_multiply_wide(yy_u32 *high, yy_u32 *low, const yy_u32 *x, uint32_t factor) {
  const yy_u64 product = __builtin_convertvector(*x, yy_u64) * (uint64_t)factor;
  *high = __builtin_convertvector(product >> 32, yy_u32);
  *low = *x * factor;
}

/* Sixteen blocks at once: lane i has the counter (block + i, high). */
YY_INLINE void yy_philox16(yy_u32 words[4], uint64_t block, uint64_t high, uint64_t key) {
  const yy_u64 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const yy_u64 counter = lanes + block;
  yy_u32 a = __builtin_convertvector(counter & 0xFFFFFFFFull, yy_u32);
  yy_u32 b = __builtin_convertvector(counter >> 32, yy_u32);
  yy_u32 c = (uint32_t)high, d = (uint32_t)(high >> 32), p, q, low0, low1;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < YY_ROUNDS; round++, k0 += weyl0, k1 += weyl1) {
    yy_multiply_wide(&p, &low0, &a, multiplier0);
    yy_multiply_wide(&q, &low1, &c, multiplier1);
    a = q ^ b ^ k0;
    c = p ^ d ^ k1;
    b = low1;
    d = low0;
  }
  words[0] = a, words[1] = b, words[2] = c, words[3] = d;
}

/* Dropout (Srivastava et al. 2014): out[i] = x[i] * keep if element i survives, else 0. Element i survives
   when its 16 random bits are not below `threshold`. One group of 16 blocks decides YY_DROPOUT_GROUP
   elements, so `first` must be a multiple of that. With `accumulate` the result is added to out. */
YY_KERNEL void yy_dropout(
    float *out, const float *x, intptr_t first, intptr_t count, uint32_t threshold, float keep, uint64_t key,
    uint64_t high, int32_t accumulate) {
  yy_u32 words[4];
  for (intptr_t start = 0; start < count; start += YY_DROPOUT_GROUP) {
    yy_philox16(words, (uint64_t)((first + start) / YY_DROPOUT_GROUP * YY_LANES), high, key);
    for (int part = 0; part < 8; part++) {
      const intptr_t i = start + part * YY_LANES;
      if (i >= count) break;
      const yy_u32 bits = part % 2 ? words[part / 2] >> 16 : words[part / 2] & 0xFFFFu;
      const yy_f32 factor = bits >= threshold ? (yy_f32)keep : (yy_f32)0.0f;
      if (i + YY_LANES <= count) {
        yy_f32 v = YY_LOAD(x + i) * factor;
        if (accumulate) v += YY_LOAD(out + i);
        YY_STORE(out + i, v);
      } else {
        for (intptr_t j = i; j < count; j++) {
          const float v = x[j] * factor[j - i];
          out[j] = accumulate ? out[j] + v : v;
        }
      }
    }
  }
}

/* Box & Muller 1958: block n gives elements 2n and 2n + 1, from two uniform numbers of 53 bits. `first` is
   even. */
void yy_normal(float *out, intptr_t first, intptr_t count, float deviation, uint64_t key, uint64_t high) {
  for (intptr_t i = 0; i < count; i += 2) {
    const uint64_t block = (uint64_t)(first + i) / 2;
    uint32_t words[4];
    yy_block(words, block, key, high);
    const uint64_t a = ((uint64_t)words[1] << 32 | words[0]) >> 11;
    const uint64_t b = ((uint64_t)words[3] << 32 | words[2]) >> 11;
    const double radius = sqrt(-2.0 * log(((double)a + 1.0) * 0x1p-53));
    double sine, cosine;
    sincos(6.283185307179586 * ((double)b * 0x1p-53), &sine, &cosine);
    out[i] = (float)(radius * cosine) * deviation;
    if (i + 1 < count) out[i + 1] = (float)(radius * sine) * deviation;
  }
}

/* Uniform in [-bound, bound): block n gives elements 4n ... 4n + 3, 24 bits each. `first` is a multiple of
   4. */
void yy_uniform(float *out, intptr_t first, intptr_t count, float bound, uint64_t key, uint64_t high) {
  for (intptr_t i = 0; i < count; i += 4) {
    const uint64_t block = (uint64_t)(first + i) / 4;
    uint32_t words[4];
    yy_block(words, block, key, high);
    for (intptr_t j = i; j < i + 4 && j < count; j++)
      out[j] = ((float)(words[j - i] >> 8) * 0x1p-23f - 1.0f) * bound;
  }
}
