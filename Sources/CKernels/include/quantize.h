/* Frozen weights in 4 and 8 bits: quantising and dequantising ranges of a row-major matrix. Plain pointers
   and sizes; no allocation, no threads. What a format is stands in nf4.c and int8.c. */
#ifndef YY_QUANTIZE_H
#define YY_QUANTIZE_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/* nf4.c */
enum { YY_NF4_BLOCK = 64, YY_NF4_NESTED_BLOCK = 256 };
/* A matrix in NF4 with double quantisation. */
typedef struct {
  const uint8_t *codes;  /* two elements a byte, the first in the high four bits; whole blocks */
  const uint8_t *absmax; /* a code of `map` for each block of 64 elements */
  const float *nested;   /* the largest magnitude of each 256 blocks' absmax less the offset */
  float offset;          /* the mean absmax */
  const float *map;      /* the 256 values an absmax code stands for, ascending */
} yy_nf4_weight;

extern const float yy_nf4_table[16];
void yy_nf4_quantize(uint8_t *codes, float *absmax, const float *x, intptr_t count);
void yy_nf4_quantize_absmax(
    uint8_t *codes, float *nested, const float *absmax, float offset, const float *map, intptr_t blocks);
void yy_nf4_absmax(float *out, yy_nf4_weight weight, intptr_t first, intptr_t count);
void yy_nf4_dequantize(float *out, yy_nf4_weight weight, intptr_t first, intptr_t count);
void yy_nf4_dequantize_bfloat16(uint16_t *out, yy_nf4_weight weight, intptr_t first, intptr_t count);

/* int8.c */
enum { YY_INT8_BLOCK = 32 };
void yy_int8_quantize(int8_t *codes, uint16_t *scales, const float *x, intptr_t rows, intptr_t columns);
void yy_int8_dequantize(
    float *out, const int8_t *codes, const uint16_t *scales, intptr_t rows, intptr_t columns);
void yy_int8_dequantize_bfloat16(
    uint16_t *out, const int8_t *codes, const uint16_t *scales, intptr_t rows, intptr_t columns);

#pragma clang assume_nonnull end

#endif
