#include "include/kernels.h"
#include "softmax_row.h"

/* Causal scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762), one head, one block of query
   rows against the keys of one document. S = scale * q k' comes from a matrix product and is turned into
   probabilities in place:
     p[i][j] = exp(S[i][j] - lse[i]) for the keys that row i may see, 0 for the others,
     lse[i] = log(sum over j of exp(S[i][j])).
   Only lse is kept for the backward pass, which makes p again from S (Dao et al. 2022, arXiv:2205.14135):
     dS = p * (dp - delta) * scale, dp = dout v', delta[i] = sum over columns of dout[i] * out[i].
   Row i of the block sees the first `visible + i` keys; S is (rows, stride). */

YY_KERNEL void yy_attention_softmax(float *s, float *lse, intptr_t rows, intptr_t stride, intptr_t visible) {
  for (intptr_t row = 0; row < rows; row++, s += stride) {
    const intptr_t count = visible + row;
    yy_softmax_row(s, count, lse + row);
    for (intptr_t i = count; i < stride; i++) s[i] = 0.0f;
  }
}

YY_KERNEL void yy_attention_probabilities(
    float *s, const float *lse, intptr_t rows, intptr_t stride, intptr_t visible) {
  yy_f32 v;
  for (intptr_t row = 0; row < rows; row++, s += stride) {
    const intptr_t count = visible + row;
    const float shift = lse[row];
    intptr_t i = 0;
    for (; i + YY_LANES <= count; i += YY_LANES) {
      v = YY_LOAD(s + i) - shift;
      yy_exp(&v, &v);
      YY_STORE(s + i, v);
    }
    if (i < count) {
      yy_load_part(&v, s + i, count - i, 0.0f);
      v -= shift;
      yy_exp(&v, &v);
      yy_store_part(s + i, &v, count - i);
    }
    for (i = count; i < stride; i++) s[i] = 0.0f;
  }
}

YY_KERNEL void yy_attention_delta(
    float *delta, const float *dout, const float *out, intptr_t rows, intptr_t rowStride, intptr_t width) {
  yy_f32 a, b;
  for (intptr_t row = 0; row < rows; row++, dout += rowStride, out += rowStride) {
    yy_f32 total = 0.0f;
    intptr_t i = 0;
    for (; i + YY_LANES <= width; i += YY_LANES) total += YY_LOAD(dout + i) * YY_LOAD(out + i);
    if (i < width) {
      yy_load_part(&a, dout + i, width - i, 0.0f);
      yy_load_part(&b, out + i, width - i, 0.0f);
      total += a * b;
    }
    delta[row] = yy_sum(&total);
  }
}

YY_KERNEL void yy_attention_score_gradient(
    float *dp, const float *p, const float *delta, float scale, intptr_t rows, intptr_t stride,
    intptr_t visible) {
  for (intptr_t row = 0; row < rows; row++, dp += stride, p += stride) {
    const intptr_t count = visible + row;
    const float d = delta[row];
    for (intptr_t i = 0; i < count; i++) dp[i] = p[i] * (dp[i] - d) * scale;
    if (count == 1) dp[0] = 0.0f; /* p is 1 whatever the score: no rounding of dp - delta may show */
    for (intptr_t i = count; i < stride; i++) dp[i] = 0.0f;
  }
}
