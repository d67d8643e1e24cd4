#include "include/matvec.h"
#include "few_rows.h"

/* The products of few_rows.h on AVX-512, where it has what those for any CPU cannot say: shuffles by registers
   (NF4's table of 16 floats is one), and products of pairs of bf16 numbers that are summed in f32. */

#if defined(__x86_64__)
#include <immintrin.h>

#define YY_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define YY_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define YY_AVX512_INLINE YY_AVX512 static inline __attribute__((always_inline))
#define YY_AVX512_BF16_INLINE YY_AVX512_BF16 static inline __attribute__((always_inline))

YY_AVX512_INLINE float sum_lanes(__m512 lanes) {
  yy_f32 v;
  memcpy(&v, &lanes, sizeof v);
  return yy_sum(&v);
}

/* MARK: bf16 by bf16 */

YY_AVX512_BF16_INLINE void dot_bf16(
    float *y, const uint16_t *x, const uint16_t *w, const int R, intptr_t inputs, intptr_t outputs) {
  __m512 total[4][4];
  for (int r = 0; r < R; r++)
    for (int a = 0; a < 4; a++) total[r][a] = _mm512_setzero_ps();
  intptr_t i = 0;
  for (; i + 128 <= inputs; i += 128) {
#pragma unroll
    for (int a = 0; a < 4; a++) {
      const __m512bh v = (__m512bh)_mm512_loadu_si512(w + i + 32 * a);
#pragma unroll
      for (int r = 0; r < R; r++)
        total[r][a] = _mm512_dpbf16_ps(
            total[r][a], v, (__m512bh)_mm512_loadu_si512(x + r * inputs + i + 32 * a));
    }
  }
  for (; i < inputs; i += 32) {
    const __mmask32 mask = inputs - i < 32 ? (1u << (inputs - i)) - 1 : ~0u;
    const __m512bh v = (__m512bh)_mm512_maskz_loadu_epi16(mask, w + i);
#pragma unroll
    for (int r = 0; r < R; r++)
      total[r][0] = _mm512_dpbf16_ps(
          total[r][0], v, (__m512bh)_mm512_maskz_loadu_epi16(mask, x + r * inputs + i));
  }
#pragma unroll
  for (int r = 0; r < R; r++)
    y[r * outputs] = sum_lanes(
        _mm512_add_ps(_mm512_add_ps(total[r][0], total[r][1]), _mm512_add_ps(total[r][2], total[r][3])));
}

YY_AVX512_BF16 static void matvec_bf16(
    float *y, const uint16_t *x, const uint16_t *w, intptr_t rows, intptr_t inputs, intptr_t outputs,
    intptr_t first, intptr_t end) {
  for (intptr_t n = first; n < end; n++) {
#define DOT(row, R) dot_bf16(y + row * outputs + n, x + row * inputs, w + n * inputs, R, inputs, outputs)
    YY_BY_ROWS(rows, DOT)
#undef DOT
  }
}

/* MARK: NF4

   64 bytes hold 128 weights, two blocks. Byte b has weight 2b in its high half and 2b + 1 in its low one, so in
   words of 32 bits shifted right by 4j the low bits of word d are the code of weight 8d + (j ^ 1), and in
   words of 16 bits that of weight 4d + (j ^ 1). A shuffle looks at the low bits only; x lies in that order
   (yy_nf4_arrange). The first half of the lanes belongs to one block, the second to the other. Behind the last
   block x is zero. */

/* The factors of blocks first ..< first + count. */
YY_INLINE void expand_absmax(float *out, const yy_nf4_weight *weight, intptr_t first, intptr_t count) {
  const uint8_t *codes = weight->absmax + first;
#pragma clang loop vectorize(disable) /* gathers would keep the units busy that the products need */
  for (intptr_t i = 0; i < count; i++) out[i] = weight->map[codes[i]];
  for (intptr_t i = 0; i < count;) {
    const intptr_t block = (first + i) / YY_NF4_NESTED_BLOCK;
    const intptr_t next = (block + 1) * YY_NF4_NESTED_BLOCK - first, end = next < count ? next : count;
    const float nested = weight->nested[block], offset = weight->offset;
    for (; i < end; i++) out[i] = out[i] * nested + offset;
  }
}

enum {
  MOST_FACTORS = YY_NF4_INPUTS / YY_NF4_BLOCK, /* of a row */
  FACTORS = 128 /* that are made at a time, where rows have fewer: not so many that reading the codes pauses */
};

/* `R` rows of x against `P` rows of codes, which lie `stride` bytes apart. */
#define NF4_DOT(NAME, TARGET, ELEMENT, VECTOR, LOAD_TABLE, SHIFTS, WEIGHTS, PRODUCT)                          \
  TARGET static inline __attribute__((always_inline)) void NAME##_chunk(                                    \
      __m512 (*total)[4], const __m512i *v, const __m512 *factor, const ELEMENT *x, VECTOR table, const int R, \
      const int P, intptr_t columns) {                                                                      \
    __m512 sums[2][4];                                                                                      \
    _Pragma("unroll") for (int p = 0; p < P; p++)                                                           \
        _Pragma("unroll") for (int r = 0; r < R; r++) sums[p][r] = _mm512_setzero_ps();                     \
    _Pragma("unroll") for (int j = 0; j < SHIFTS; j++)                                                      \
        _Pragma("unroll") for (int p = 0; p < P; p++) {                                                     \
      WEIGHTS                                                                                               \
      _Pragma("unroll") for (int r = 0; r < R; r++) sums[p][r] = PRODUCT;                                   \
    }                                                                                                       \
    _Pragma("unroll") for (int p = 0; p < P; p++)                                                           \
        _Pragma("unroll") for (int r = 0; r < R; r++)                                                       \
            total[p][r] = _mm512_fmadd_ps(sums[p][r], factor[p], total[p][r]);                              \
  }                                                                                                         \
  TARGET static inline __attribute__((always_inline)) void NAME(                                            \
      float *y, const ELEMENT *x, const uint8_t *codes, const float *factors, const int R, const int P,     \
      intptr_t inputs, intptr_t outputs) {                                                                  \
    const intptr_t columns = (inputs + 127) / 128 * 128, stride = inputs / 2, blocks = inputs / YY_NF4_BLOCK; \
    const VECTOR table = LOAD_TABLE;                                                                        \
    __m512 total[2][4], factor[2];                                                                          \
    __m512i v[2];                                                                                           \
    _Pragma("unroll") for (int p = 0; p < P; p++)                                                           \
        _Pragma("unroll") for (int r = 0; r < R; r++) total[p][r] = _mm512_setzero_ps();                    \
    intptr_t i = 0;                                                                                         \
    for (; i + 128 <= inputs; i += 128, factors += 2) {                                                     \
      _Pragma("unroll") for (int p = 0; p < P; p++) {                                                       \
        YY_PREFETCH(codes + p * stride + i / 2);                                                            \
        v[p] = _mm512_loadu_si512(codes + p * stride + i / 2);                                              \
        const float *pair = factors + p * blocks;                                                           \
        factor[p] = _mm512_mask_broadcastss_ps(_mm512_set1_ps(pair[0]), 0xff00, _mm_load_ss(pair + 1));     \
      }                                                                                                     \
      NAME##_chunk(total, v, factor, x + i, table, R, P, columns);                                          \
    }                                                                                                       \
    if (i < inputs) {                                                                                       \
      _Pragma("unroll") for (int p = 0; p < P; p++) {                                                       \
        v[p] = _mm512_maskz_loadu_epi64(0x0f, codes + p * stride + i / 2);                                  \
        factor[p] = _mm512_set1_ps(factors[p * blocks]);                                                    \
      }                                                                                                     \
      NAME##_chunk(total, v, factor, x + i, table, R, P, columns);                                          \
    }                                                                                                       \
    _Pragma("unroll") for (int p = 0; p < P; p++)                                                           \
        _Pragma("unroll") for (int r = 0; r < R; r++) y[r * outputs + p] = sum_lanes(total[p][r]);          \
  }

NF4_DOT(
    dot_nf4, YY_AVX512, float, __m512, _mm512_loadu_ps(yy_nf4_table), 8,
    const __m512 w = _mm512_permutexvar_ps(_mm512_srli_epi32(v[p], (unsigned)(4 * j)), table);
    , _mm512_fmadd_ps(w, _mm512_loadu_ps(x + r * columns + 16 * j), sums[p][r]))

/* The table in bf16, twice: a shuffle of 32 words looks at five bits. */
YY_AVX512_BF16_INLINE __m512i bf16_table(void) {
  const __m512 table = _mm512_loadu_ps(yy_nf4_table);
  return (__m512i)_mm512_cvtne2ps_pbh(table, table);
}

NF4_DOT(
    dot_nf4_bf16, YY_AVX512_BF16, uint16_t, __m512i, bf16_table(), 4,
    const __m512bh w = (__m512bh)_mm512_permutexvar_epi16(_mm512_srli_epi16(v[p], (unsigned)(4 * j)), table);
    , _mm512_dpbf16_ps(sums[p][r], w, (__m512bh)_mm512_loadu_si512(x + r * columns + 32 * j)))

#define NF4_MATVEC(NAME, TARGET, ELEMENT, DOT)                                                                \
  TARGET static void NAME(                                                                                    \
      float *y, const ELEMENT *x, yy_nf4_weight weight, intptr_t rows, intptr_t inputs, intptr_t outputs,     \
      intptr_t first, intptr_t end) {                                                                         \
    float factors[MOST_FACTORS];                                                                              \
    const intptr_t columns = (inputs + 127) / 128 * 128, blocks = inputs / YY_NF4_BLOCK;                      \
    const intptr_t lasting = blocks == 0 ? end - first : blocks < FACTORS ? FACTORS / blocks : 1;             \
    const intptr_t pairs = rows > 1; /* one row of x reads faster from one place at a time */                 \
    for (intptr_t start = first; start < end; start += lasting) {                                             \
      const intptr_t stop = start + lasting < end ? start + lasting : end;                                    \
      expand_absmax(factors, &weight, start * blocks, (stop - start) * blocks);                               \
      intptr_t n = start;                                                                                     \
      for (; pairs && n + 2 <= stop; n += 2) { YY_BY_ROWS(rows, DOT##_2) }                                             \
      for (; n < stop; n++) { YY_BY_ROWS(rows, DOT##_1) }                                                     \
    }                                                                                                         \
  }

#define NF4_ROWS(DOT, row, R, P)                                                                             \
  DOT(                                                                                                       \
      y + row * outputs + n, x + row * columns, weight.codes + n * inputs / 2, factors + (n - start) * blocks, \
      R, P, inputs, outputs)
#define DOT_F32_1(row, R) NF4_ROWS(dot_nf4, row, R, 1)
#define DOT_F32_2(row, R) NF4_ROWS(dot_nf4, row, R, 2)
#define DOT_BF16_1(row, R) NF4_ROWS(dot_nf4_bf16, row, R, 1)
#define DOT_BF16_2(row, R) NF4_ROWS(dot_nf4_bf16, row, R, 2)
NF4_MATVEC(matvec_nf4, YY_AVX512, float, DOT_F32)
NF4_MATVEC(matvec_nf4_bf16, YY_AVX512_BF16, uint16_t, DOT_BF16)

yy_matvec_kernels yy_matvec_for_this_cpu(void) {
  yy_matvec_kernels kernels = {0, 0, 0};
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) kernels.nf4 = matvec_nf4;
  if (__builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16")) {
    kernels.bf16 = matvec_bf16;
    kernels.nf4_bf16 = matvec_nf4_bf16;
  }
  return kernels;
}

#else

yy_matvec_kernels yy_matvec_for_this_cpu(void) { return (yy_matvec_kernels){0, 0, 0}; }

#endif

/* In every 128 columns, element 16j + d comes from column 8d + (j ^ 1); zeros behind the last column. */
void yy_nf4_arrange(float *out, const float *x, intptr_t rows, intptr_t inputs) {
  const intptr_t columns = (inputs + 127) / 128 * 128;
  for (intptr_t row = 0; row < rows; row++, x += inputs, out += columns)
    for (intptr_t i = 0; i < columns; i += 128)
      for (intptr_t j = 0; j < 8; j++)
        for (intptr_t d = 0; d < 16; d++) {
          const intptr_t k = i + 8 * d + (j ^ 1);
          out[i + 16 * j + d] = k < inputs ? x[k] : 0.0f;
        }
}

/* In every 128 columns, element 32j + d comes from column 4d + (j ^ 1). */
void yy_nf4_arrange_bf16(uint16_t *out, const uint16_t *x, intptr_t rows, intptr_t inputs) {
  const intptr_t columns = (inputs + 127) / 128 * 128;
  for (intptr_t row = 0; row < rows; row++, x += inputs, out += columns)
    for (intptr_t i = 0; i < columns; i += 128)
      for (intptr_t j = 0; j < 4; j++)
        for (intptr_t d = 0; d < 32; d++) {
          const intptr_t k = i + 4 * d + (j ^ 1);
          out[i + 32 * j + d] = k < inputs ? x[k] : 0;
        }
}
