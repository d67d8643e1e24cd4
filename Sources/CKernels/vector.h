/* Sixteen lanes of f32, whatever the CPU: clang splits them into the registers there are. Every reduction
   runs over these fixed lanes and ends in the fixed order of yy_sum, and products are never contracted into
   fused multiply-adds, so that a kernel gives the same bits on every CPU level. Helpers take pointers,
   because a vector argument's calling convention depends on the level. */
#ifndef YY_VECTOR_H
#define YY_VECTOR_H

#include <stdint.h>
#include <string.h>

#pragma clang fp contract(off)

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

/* Clones are chosen while the program is loaded, before a sanitizer is ready for it. */
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define YY_KERNEL
#elif defined(__x86_64__) && defined(__clang__) && defined(__linux__)
#define YY_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define YY_KERNEL
#endif
#define YY_INLINE static inline __attribute__((always_inline, unused))

enum { YY_LANES = 16 };

typedef float yy_f32 __attribute__((ext_vector_type(16)));
typedef float yy_f32_unaligned __attribute__((ext_vector_type(16), aligned(4)));
typedef int32_t yy_i32 __attribute__((ext_vector_type(16)));
typedef uint32_t yy_u32 __attribute__((ext_vector_type(16)));
typedef uint64_t yy_u64 __attribute__((ext_vector_type(16)));
typedef double yy_f64 __attribute__((ext_vector_type(16)));

#define YY_LOAD(pointer) (*(const yy_f32_unaligned *)(pointer))
#define YY_STORE(pointer, value) (*(yy_f32_unaligned *)(pointer) = (value))

/* The first `count` lanes from memory, the others `fill`. */
YY_INLINE void yy_load_part(yy_f32 *out, const float *pointer, intptr_t count, float fill) {
  float lanes[YY_LANES];
  for (int i = 0; i < YY_LANES; i++) lanes[i] = fill;
  memcpy(lanes, pointer, (size_t)count * sizeof(float));
  memcpy(out, lanes, sizeof lanes);
}

YY_INLINE void yy_store_part(float *pointer, const yy_f32 *value, intptr_t count) {
  memcpy(pointer, value, (size_t)count * sizeof(float));
}

YY_INLINE float yy_sum(const yy_f32 *lanes) {
  typedef float half __attribute__((ext_vector_type(8)));
  typedef float quarter __attribute__((ext_vector_type(4)));
  const yy_f32 v = *lanes;
  const half a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
      + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  const quarter b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[2]) + (b[1] + b[3]);
}

YY_INLINE double yy_sum64(const yy_f64 *lanes) {
  yy_f64 v = *lanes;
  double a[8], b[4];
  for (int i = 0; i < 8; i++) a[i] = v[i] + v[i + 8];
  for (int i = 0; i < 4; i++) b[i] = a[i] + a[i + 4];
  return (b[0] + b[2]) + (b[1] + b[3]);
}

/* NaN lanes are passed over by the comparison; who needs them finds them in the sum that follows. */
YY_INLINE float yy_max(const yy_f32 *lanes) {
  float m = (*lanes)[0];
  for (int i = 1; i < YY_LANES; i++) m = (*lanes)[i] > m ? (*lanes)[i] : m;
  return m;
}

/* e^x within 1.5 units in the last place. x = n ln 2 + r with |r| <= ln 2 / 2 (Cody & Waite's split of ln 2
   keeps r exact enough), e^r by the minimax polynomial of Cephes' expf, and 2^n put together from its
   exponent bits. Results below 2^-125 are 0, above the largest number infinity; NaN stays NaN. */
YY_INLINE void yy_exp(yy_f32 *out, const yy_f32 *in) {
  const yy_f32 x = *in;
  const yy_f32 clamped = x > 89.0f ? 89.0f : (x < -87.0f ? -87.0f : x);
  const yy_f32 shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number in the low bits */
  const yy_f32 shifted = clamped * 1.44269504088896341f + shift;
  const yy_f32 n = shifted - shift;
  const yy_f32 r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  yy_f32 p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * (r * r) + r) + 1.0f;
  yy_u32 bits;
  memcpy(&bits, &shifted, sizeof bits);
  const yy_u32 exponent = (bits + 126u) << 23; /* 2^(n-1): n = 128 would have no exponent of its own */
  yy_f32 power;
  memcpy(&power, &exponent, sizeof power);
  const yy_f32 result = (p * 2.0f) * power;
  *out = x < -86.6f ? 0.0f : result;
}

#endif
