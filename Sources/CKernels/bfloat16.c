#include "include/kernels.h"
#include "vector.h"

/* bf16 is the upper half of an f32. Rounding is to the nearest, ties to even; NaN stays a (quiet) NaN. */

YY_KERNEL void yy_to_bfloat16(uint16_t *out, const float *x, intptr_t count) {
  for (intptr_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    out[i] = (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded);
  }
}

YY_KERNEL void yy_from_bfloat16(float *out, const uint16_t *x, intptr_t count) {
  for (intptr_t i = 0; i < count; i++) {
    const uint32_t bits = (uint32_t)x[i] << 16;
    memcpy(out + i, &bits, sizeof bits);
  }
}
