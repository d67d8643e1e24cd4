#include "include/kernels.h"
#include "vector.h"

/* Rotary position embedding (Su et al. 2021, arXiv:2104.09864) in Hugging Face's half-split layout: in every
   head of width D the pair (x[i], x[i + D/2]) turns by the angle position / base^(2i/D). x is (rows,
   heads * D), the tables are (positions, D/2).
   The gradient of a rotation is the rotation by the opposite angle: direction = -1. */
YY_KERNEL void yy_rotary(
    float *out, const float *x, const int32_t *positions, const float *cosines, const float *sines,
    float direction, intptr_t rows, intptr_t heads, intptr_t width) {
  const intptr_t half = width / 2;
  for (intptr_t row = 0; row < rows; row++) {
    const float *c = cosines + (intptr_t)positions[row] * half, *s = sines + (intptr_t)positions[row] * half;
    for (intptr_t head = 0; head < heads; head++, x += width, out += width)
      for (intptr_t i = 0; i < half; i++) {
        const float a = x[i], b = x[i + half], sine = direction * s[i];
        out[i] = a * c[i] - b * sine;
        out[i + half] = b * c[i] + a * sine;
      }
  }
}
