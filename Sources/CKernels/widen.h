/* Sixteen numbers of f32 or bf16 from memory, as f32: for kernels that are written once for both. */
#ifndef YY_WIDEN_H
#define YY_WIDEN_H

#include "vector.h"

YY_INLINE void yy_widen_f32(yy_f32 *out, const float *pointer) { *out = YY_LOAD(pointer); }

YY_INLINE void yy_widen_f32_part(yy_f32 *out, const float *pointer, intptr_t count) {
  yy_load_part(out, pointer, count, 0.0f);
}

typedef uint16_t yy_u16 __attribute__((ext_vector_type(16)));
typedef uint16_t yy_u16_unaligned __attribute__((ext_vector_type(16), aligned(2)));

YY_INLINE void yy_widen_bf16(yy_f32 *out, const uint16_t *pointer) {
  const yy_u16 halves = *(const yy_u16_unaligned *)pointer;
  const yy_u32 bits = __builtin_convertvector(halves, yy_u32) << 16;
  memcpy(out, &bits, sizeof bits);
}

YY_INLINE void yy_widen_bf16_part(yy_f32 *out, const uint16_t *pointer, intptr_t count) {
  uint16_t halves[YY_LANES] = {0};
  memcpy(halves, pointer, (size_t)count * sizeof(uint16_t));
  yy_widen_bf16(out, halves);
}

#endif
