/* Kernels of the generic operations on tensors: element-wise functions, reductions, softmax, transposition.
   Plain pointers and sizes; no allocation, no threads. Gradients are written, not added, unless the name says so. */
#ifndef YY_ELEMENTWISE_H
#define YY_ELEMENTWISE_H

#include <stdint.h>

#pragma clang assume_nonnull begin

typedef enum { YY_ADD, YY_SUBTRACT, YY_MULTIPLY, YY_DIVIDE } yy_binary_op;

typedef enum {
  YY_NEGATE, YY_EXP, YY_LOG, YY_SQRT, YY_TANH, YY_SIGMOID, YY_SILU, YY_RELU
} yy_unary_op;

/* out[i] = a[i * step_a] op b[i * step_b]; a step is 1, or 0 for one number against many. */
void yy_binary(yy_binary_op op, const float *a, long step_a, const float *b, long step_b, float *out, long n);
/* out += x */
void yy_add_into(const float *x, float *out, long n);

void yy_unary(yy_unary_op op, const float *x, float *y, long n);
/* dx = dout * f'(x), with y = f(x) at hand; x or y may be null where the rule does not read it (see the source). */
void yy_unary_backward(
    yy_unary_op op, const float *_Nullable x, const float *_Nullable y, const float *dout, float *dx, long n);
void yy_power(const float *x, float exponent, float *y, long n);
/* dx = dout * exponent * x^(exponent - 1) */
void yy_power_backward(const float *x, float exponent, const float *dout, float *dx, long n);

/* The sum in double precision, in an order fixed by n. */
double yy_total(const float *x, long n);
/* x is (outer, axis, inner), out (outer, inner): scale times the sum over the axis, in double precision. */
void yy_axis_sum(const float *x, long outer, long axis, long inner, float scale, float *out);
/* The largest element along the axis and its first position; NaN counts as largest. axis > 0. */
void yy_axis_max(const float *x, long outer, long axis, long inner, float *out, int32_t *position);

/* Each row: softmax, or its logarithm. */
void yy_softmax(const float *x, long rows, long columns, int logarithm, float *y);
/* dx = y * (dout - sum(dout * y)), or for the logarithm dx = dout - exp(y) * sum(dout). */
void yy_softmax_backward(const float *y, const float *dout, long rows, long columns, int logarithm, float *dx);

/* out (columns, rows) = x (rows, columns) transposed; only rows from..<to of out are written. */
void yy_transpose(const float *x, long rows, long columns, long from, long to, float *out);

#pragma clang assume_nonnull end

#endif
