#include "include/kernels.h"
#include "vector.h"

/* out (rows, columns) += bias (columns) in every row. */
YY_KERNEL void yy_add_bias(float *out, const float *bias, intptr_t rows, intptr_t columns) {
  for (intptr_t row = 0; row < rows; row++, out += columns)
    for (intptr_t i = 0; i < columns; i++) out[i] += bias[i];
}

/* dbias[first ..< end] += the sum over rows, in row order, of dout (rows, columns). */
YY_KERNEL void yy_add_column_sums(
    float *dbias, const float *dout, intptr_t rows, intptr_t columns, intptr_t first, intptr_t end) {
  for (intptr_t row = 0; row < rows; row++, dout += columns)
    for (intptr_t i = first; i < end; i++) dbias[i] += dout[i];
}

/* out += scale * x. */
YY_KERNEL void yy_add_scaled(float *out, const float *x, float scale, intptr_t count) {
  for (intptr_t i = 0; i < count; i++) out[i] += scale * x[i];
}

/* out = scale * x; out may be x. */
YY_KERNEL void yy_scale(float *out, const float *x, float scale, intptr_t count) {
  for (intptr_t i = 0; i < count; i++) out[i] = scale * x[i];
}

/* Row t of out (count, columns) = row ids[t] of weight. */
void yy_gather_rows(float *out, const float *weight, const int32_t *ids, intptr_t count, intptr_t columns) {
  for (intptr_t t = 0; t < count; t++)
    memcpy(out + t * columns, weight + (intptr_t)ids[t] * columns, (size_t)columns * sizeof(float));
}

/* Columns first ..< end of: row ids[t] of dweight += row t of dout, in the order of t. */
YY_KERNEL void yy_scatter_add_rows(
    float *dweight, const float *dout, const int32_t *ids, intptr_t count, intptr_t columns, intptr_t first,
    intptr_t end) {
  for (intptr_t t = 0; t < count; t++) {
    float *to = dweight + (intptr_t)ids[t] * columns;
    const float *from = dout + t * columns;
    for (intptr_t i = first; i < end; i++) to[i] += from[i];
  }
}
