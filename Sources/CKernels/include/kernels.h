/* Numeric kernels over plain pointers: one range of rows or elements a call, no allocation, no threads. What
   a kernel computes stands in its own file; names of arguments are those of the formulas there. */
#ifndef YY_KERNELS_H
#define YY_KERNELS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/* bfloat16.c */
void yy_to_bfloat16(uint16_t *out, const float *x, intptr_t count);
void yy_from_bfloat16(float *out, const uint16_t *x, intptr_t count);

/* rms_norm.c */
void yy_rms_norm_forward(
    float *out, float *rstd, const float *x, const float *weight, float eps, intptr_t rows, intptr_t columns);
void yy_rms_norm_backward(
    float *dx, const float *dout, const float *x, const float *weight, const float *rstd, intptr_t rows,
    intptr_t columns);
void yy_rms_norm_backward_weight(
    float *dweight, const float *dout, const float *x, const float *rstd, intptr_t rows, intptr_t columns,
    intptr_t first, intptr_t end);

/* silu_multiply.c */
void yy_silu_multiply_forward(float *out, const float *gate, const float *up, intptr_t count);
void yy_silu_multiply_backward(
    float *dgate, float *dup, const float *dout, const float *gate, const float *up, intptr_t count);

/* exponential.c */
void yy_exponential(float *out, const float *x, intptr_t count);

/* attention.c */
void yy_attention_softmax(float *s, float *lse, intptr_t rows, intptr_t stride, intptr_t visible);
void yy_attention_probabilities(float *s, const float *lse, intptr_t rows, intptr_t stride, intptr_t visible);
void yy_attention_delta(
    float *delta, const float *dout, const float *out, intptr_t rows, intptr_t rowStride, intptr_t width);
void yy_attention_score_gradient(
    float *dp, const float *p, const float *delta, float scale, intptr_t rows, intptr_t stride,
    intptr_t visible);

/* attention_decode.c */
void yy_attention_decode(
    float *out, float *scores, const float *q, const float *k, const float *v, float scale, intptr_t count,
    intptr_t rowStride, intptr_t width);
void yy_attention_decode_bf16(
    float *out, float *scores, const float *q, const uint16_t *k, const uint16_t *v, float scale,
    intptr_t count, intptr_t rowStride, intptr_t width);

/* cross_entropy.c */
double yy_cross_entropy_forward(const float *logits, const int32_t *targets, intptr_t rows, intptr_t columns);
double yy_cross_entropy_gradient(
    float *logits, const int32_t *targets, float scale, intptr_t rows, intptr_t columns);
void yy_token_scores(
    const float *logits, const int32_t *targets, double *logProbability, double *entropy, int32_t *rank,
    intptr_t rows, intptr_t columns);

/* rotary.c */
void yy_rotary(
    float *out, const float *x, const int32_t *positions, const float *cosines, const float *sines,
    float direction, intptr_t rows, intptr_t heads, intptr_t width);

/* random.c */
enum { YY_DROPOUT_GROUP = 128 };
void yy_philox(uint32_t out[_Nonnull 4], const uint32_t counter[_Nonnull 4], const uint32_t key[_Nonnull 2]);
void yy_dropout(
    float *out, const float *x, intptr_t first, intptr_t count, uint32_t threshold, float keep, uint64_t key,
    uint64_t high, int32_t accumulate);
void yy_normal(float *out, intptr_t first, intptr_t count, float deviation, uint64_t key, uint64_t high);
void yy_uniform(float *out, intptr_t first, intptr_t count, float bound, uint64_t key, uint64_t high);

/* adamw.c */
typedef struct {
  float gradientScale, decay, oneMinusBeta1, beta2, oneMinusBeta2, stepSize, correction, epsilon;
} yy_adamw_factors;
void yy_adamw(
    float *parameter, const float *gradient, float *first, float *second, yy_adamw_factors f, intptr_t count);

/* reduce.c */
double yy_squared_norm(const float *x, intptr_t count);
intptr_t yy_first_non_finite(const float *x, intptr_t count);

/* read_sum.c */
uint64_t yy_read_sum(const uint64_t *words, intptr_t count);

/* rows.c */
void yy_add_bias(float *out, const float *bias, intptr_t rows, intptr_t columns);
void yy_add_column_sums(
    float *dbias, const float *dout, intptr_t rows, intptr_t columns, intptr_t first, intptr_t end);
void yy_add_scaled(float *out, const float *x, float scale, intptr_t count);
void yy_scale(float *out, const float *x, float scale, intptr_t count);
void yy_gather_rows(float *out, const float *weight, const int32_t *ids, intptr_t count, intptr_t columns);
void yy_scatter_add_rows(
    float *dweight, const float *dout, const int32_t *ids, intptr_t count, intptr_t columns, intptr_t first,
    intptr_t end);

/* heap.c */
/* Gives the heap's free pages back to the system once it has at least so many bytes free. */
void yy_return_free_pages(intptr_t least);

#pragma clang assume_nonnull end

#endif
