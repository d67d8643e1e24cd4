#include "include/kernels.h"
#include "vector.h"

/* Root-mean-square normalisation (Zhang & Sennrich 2019, arXiv:1910.07467), x is (rows, C):
   out = x * rstd * weight, rstd = 1 / sqrt(mean(x^2) + eps).
   With n = x * rstd and g = dout * weight:
   dx = rstd * (g - n * mean(g * n)), dweight = sum over rows of dout * n. */

YY_KERNEL void yy_rms_norm_forward(
    float *out, float *rstd, const float *x, const float *weight, float eps, intptr_t rows,
    intptr_t columns) {
  for (intptr_t row = 0; row < rows; row++, x += columns, out += columns) {
    yy_f32 squares = 0.0f, v;
    intptr_t i = 0;
    for (; i + YY_LANES <= columns; i += YY_LANES) {
      v = YY_LOAD(x + i);
      squares += v * v;
    }
    if (i < columns) {
      yy_load_part(&v, x + i, columns - i, 0.0f);
      squares += v * v;
    }
    const float scale = 1.0f / __builtin_sqrtf(yy_sum(&squares) / (float)columns + eps);
    rstd[row] = scale;
    for (i = 0; i < columns; i++) out[i] = x[i] * scale * weight[i];
  }
}

YY_KERNEL void yy_rms_norm_backward(
    float *dx, const float *dout, const float *x, const float *weight, const float *rstd, intptr_t rows,
    intptr_t columns) {
  for (intptr_t row = 0; row < rows; row++, x += columns, dout += columns, dx += columns) {
    const float scale = rstd[row];
    yy_f32 products = 0.0f, v, d, w;
    intptr_t i = 0;
    for (; i + YY_LANES <= columns; i += YY_LANES)
      products += YY_LOAD(dout + i) * YY_LOAD(weight + i) * YY_LOAD(x + i);
    if (i < columns) {
      yy_load_part(&v, x + i, columns - i, 0.0f);
      yy_load_part(&d, dout + i, columns - i, 0.0f);
      yy_load_part(&w, weight + i, columns - i, 0.0f);
      products += d * w * v;
    }
    const float mean = yy_sum(&products) * scale / (float)columns;
    for (i = 0; i < columns; i++) dx[i] = scale * (dout[i] * weight[i] - x[i] * scale * mean);
  }
}

YY_KERNEL void yy_rms_norm_backward_weight(
    float *dweight, const float *dout, const float *x, const float *rstd, intptr_t rows, intptr_t columns,
    intptr_t first, intptr_t end) {
  for (intptr_t row = 0; row < rows; row++, x += columns, dout += columns) {
    const float scale = rstd[row];
    for (intptr_t i = first; i < end; i++) dweight[i] += dout[i] * (x[i] * scale);
  }
}
