#include "elementwise.h"
#include "kernels.h"
#include "vector.h"

#include <math.h>

#define BINARY_LOOPS(expression)                                                      \
  if (step_a == 1 && step_b == 1)                                                     \
    for (long i = 0; i < n; i++) { float p = a[i], q = b[i]; out[i] = expression; }   \
  else if (step_a == 1)                                                               \
    for (long i = 0; i < n; i++) { float p = a[i], q = *b; out[i] = expression; }     \
  else if (step_b == 1)                                                               \
    for (long i = 0; i < n; i++) { float p = *a, q = b[i]; out[i] = expression; }     \
  else                                                                                \
    for (long i = 0; i < n; i++) { float p = *a, q = *b; out[i] = expression; }

YY_KERNEL void yy_binary(yy_binary_op op, const float *a, long step_a, const float *b, long step_b,
                      float *restrict out, long n) {
  switch (op) {
    case YY_ADD: BINARY_LOOPS(p + q) break;
    case YY_SUBTRACT: BINARY_LOOPS(p - q) break;
    case YY_MULTIPLY: BINARY_LOOPS(p * q) break;
    case YY_DIVIDE: BINARY_LOOPS(p / q) break;
  }
}

YY_KERNEL void yy_add_into(const float *x, float *restrict out, long n) {
  for (long i = 0; i < n; i++) out[i] += x[i];
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

#define LOOP(expression) for (long i = 0; i < n; i++) y[i] = expression

YY_KERNEL void yy_unary(yy_unary_op op, const float *x, float *restrict y, long n) {
  switch (op) {
    case YY_NEGATE: LOOP(-x[i]); break;
    case YY_EXP: yy_exponential(y, x, n); break;
    case YY_LOG: LOOP(logf(x[i])); break;
    case YY_SQRT: LOOP(sqrtf(x[i])); break;
    case YY_TANH: LOOP(tanhf(x[i])); break;
    case YY_SIGMOID: LOOP(sigmoid(x[i])); break;
    case YY_SILU: LOOP(x[i] * sigmoid(x[i])); break;
    case YY_RELU: LOOP(x[i] < 0 ? 0 : x[i]); break; /* NaN stays NaN */
  }
}

#define LOOP_BACK(expression) for (long i = 0; i < n; i++) dx[i] = dout[i] * (expression)

YY_KERNEL void yy_unary_backward(yy_unary_op op, const float *x, const float *y, const float *dout,
                              float *restrict dx, long n) {
  switch (op) {
    case YY_NEGATE: LOOP_BACK(-1.0f); break;
    case YY_EXP: LOOP_BACK(y[i]); break;
    case YY_LOG: for (long i = 0; i < n; i++) dx[i] = dout[i] / x[i]; break;
    case YY_SQRT: for (long i = 0; i < n; i++) dx[i] = dout[i] / (2 * y[i]); break;
    case YY_TANH: LOOP_BACK(1 - y[i] * y[i]); break;
    case YY_SIGMOID: LOOP_BACK(y[i] * (1 - y[i])); break;
    case YY_SILU:
      for (long i = 0; i < n; i++) {
        float s = sigmoid(x[i]);
        dx[i] = dout[i] * s * (1 + x[i] * (1 - s));
      }
      break;
    case YY_RELU: for (long i = 0; i < n; i++) dx[i] = y[i] > 0 ? dout[i] : 0; break;
  }
}

void yy_power(const float *x, float exponent, float *restrict y, long n) {
  if (exponent == 2) LOOP(x[i] * x[i]);
  else LOOP(powf(x[i], exponent));
}

void yy_power_backward(const float *x, float exponent, const float *dout, float *restrict dx, long n) {
  if (exponent == 2) LOOP_BACK(2 * x[i]);
  else if (exponent == 0) LOOP_BACK(0.0f);
  else LOOP_BACK(exponent * powf(x[i], exponent - 1));
}

YY_KERNEL double yy_total(const float *x, long n) {
  double lanes[16] = {0};
  long i = 0;
  for (; i + 16 <= n; i += 16)
    for (int lane = 0; lane < 16; lane++) lanes[lane] += x[i + lane];
  double total = 0;
  for (int lane = 0; lane < 16; lane++) total += lanes[lane];
  for (; i < n; i++) total += x[i];
  return total;
}

YY_KERNEL void yy_axis_sum(const float *x, long outer, long axis, long inner, float scale, float *restrict out) {
  if (inner == 1) {
    for (long o = 0; o < outer; o++) out[o] = (float)(yy_total(x + o * axis, axis) * scale);
    return;
  }
  enum { BLOCK = 64 };
  for (long o = 0; o < outer; o++)
    for (long start = 0; start < inner; start += BLOCK) {
      long width = inner - start < BLOCK ? inner - start : BLOCK;
      double sums[BLOCK] = {0};
      for (long k = 0; k < axis; k++) {
        const float *row = x + (o * axis + k) * inner + start;
        for (long i = 0; i < width; i++) sums[i] += row[i];
      }
      for (long i = 0; i < width; i++) out[o * inner + start + i] = (float)(sums[i] * scale);
    }
}

void yy_axis_max(const float *x, long outer, long axis, long inner, float *out, int32_t *position) {
  for (long o = 0; o < outer; o++)
    for (long i = 0; i < inner; i++) {
      const float *column = x + o * axis * inner + i;
      float best = column[0];
      long where = 0;
      for (long k = 1; k < axis && !isnan(best); k++) {
        float value = column[k * inner];
        if (value > best || isnan(value)) { best = value; where = k; }
      }
      out[o * inner + i] = best;
      position[o * inner + i] = (int32_t)where;
    }
}

YY_KERNEL void yy_softmax(const float *x, long rows, long columns, int logarithm, float *restrict y) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float largest = -INFINITY;
    for (long i = 0; i < columns; i++) largest = x[i] > largest ? x[i] : largest;
    double sum = 0;
    for (long i = 0; i < columns; i++) sum += y[i] = expf(x[i] - largest);
    if (logarithm) {
      float shift = (float)log(sum);
      for (long i = 0; i < columns; i++) y[i] = x[i] - largest - shift;
    } else {
      float scale = (float)(1 / sum);
      for (long i = 0; i < columns; i++) y[i] *= scale;
    }
  }
}

YY_KERNEL void yy_softmax_backward(const float *y, const float *dout, long rows, long columns, int logarithm,
                                float *restrict dx) {
  for (long r = 0; r < rows; r++, y += columns, dout += columns, dx += columns) {
    double sum = 0;
    if (logarithm) {
      for (long i = 0; i < columns; i++) sum += dout[i];
      for (long i = 0; i < columns; i++) dx[i] = dout[i] - expf(y[i]) * (float)sum;
    } else {
      for (long i = 0; i < columns; i++) sum += (double)dout[i] * y[i];
      for (long i = 0; i < columns; i++) dx[i] = y[i] * (dout[i] - (float)sum);
    }
  }
}

void yy_transpose(const float *x, long rows, long columns, long from, long to, float *restrict out) {
  enum { TILE = 16 };
  for (long c = from; c < to; c += TILE)
    for (long r = 0; r < rows; r += TILE) {
      long c_end = c + TILE < to ? c + TILE : to, r_end = r + TILE < rows ? r + TILE : rows;
      for (long i = c; i < c_end; i++)
        for (long j = r; j < r_end; j++) out[i * rows + j] = x[j * columns + i];
    }
}
