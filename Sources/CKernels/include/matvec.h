/* A few rows x (R, K) times a weight W (N, K), for decoding: y (R, N) gets the columns first ..< end. What is
   common to them stands in few_rows.h. */
#ifndef YY_MATVEC_H
#define YY_MATVEC_H

#include <stdint.h>

#include "quantize.h"

#pragma clang assume_nonnull begin

/* matvec.c */
void yy_matvec_f32(
    float *y, const float *x, const float *w, intptr_t rows, intptr_t inputs, intptr_t outputs,
    intptr_t first, intptr_t end);
void yy_matvec_bf16(
    float *y, const float *x, const uint16_t *w, intptr_t rows, intptr_t inputs, intptr_t outputs,
    intptr_t first, intptr_t end);

/* matvec_int8.c */
void yy_matvec_int8(
    float *y, const float *x, const int8_t *codes, const uint16_t *scales, intptr_t rows, intptr_t inputs,
    intptr_t outputs, intptr_t first, intptr_t end);
void yy_quantize_rows(int16_t *q, float *scales, const float *x, intptr_t rows, intptr_t inputs);
void yy_matvec_int8_whole(
    float *y, const int16_t *q, const float *qscales, const int8_t *codes, const uint16_t *scales,
    intptr_t rows, intptr_t inputs, intptr_t outputs, intptr_t first, intptr_t end);

/* matvec_avx512.c: kernels of this CPU's own, null where it lacks what they need. x of the NF4 ones has been
   arranged, and K is a multiple of 64 up to YY_NF4_INPUTS. */
enum { YY_NF4_INPUTS = 1 << 16 };
typedef struct {
  void (*_Nullable bf16)(
      float *y, const uint16_t *x, const uint16_t *w, intptr_t rows, intptr_t inputs, intptr_t outputs,
      intptr_t first, intptr_t end);
  void (*_Nullable nf4)(
      float *y, const float *x, yy_nf4_weight w, intptr_t rows, intptr_t inputs, intptr_t outputs,
      intptr_t first, intptr_t end);
  void (*_Nullable nf4_bf16)(
      float *y, const uint16_t *x, yy_nf4_weight w, intptr_t rows, intptr_t inputs, intptr_t outputs,
      intptr_t first, intptr_t end);
} yy_matvec_kernels;
yy_matvec_kernels yy_matvec_for_this_cpu(void);
void yy_nf4_arrange(float *out, const float *x, intptr_t rows, intptr_t inputs);
void yy_nf4_arrange_bf16(uint16_t *out, const uint16_t *x, intptr_t rows, intptr_t inputs);

#pragma clang assume_nonnull end

#endif
