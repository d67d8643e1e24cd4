#include "include/kernels.h"
#include "vector.h"

/* The gate of a gated feed-forward layer (Shazeer 2020, arXiv:2002.05202): out = silu(gate) * up,
   silu(g) = g * s, s = 1 / (1 + e^-g).
   dup = dout * g * s, dgate = dout * up * s * (1 + g * (1 - s)). All arrays have `count` elements. */

YY_INLINE void yy_sigmoid(yy_f32 *out, const yy_f32 *x) {
  yy_f32 e = -*x;
  yy_exp(&e, &e);
  *out = 1.0f / (1.0f + e);
}

YY_KERNEL void yy_silu_multiply_forward(float *out, const float *gate, const float *up, intptr_t count) {
  yy_f32 g, u, s;
  intptr_t i = 0;
  for (; i + YY_LANES <= count; i += YY_LANES) {
    g = YY_LOAD(gate + i);
    yy_sigmoid(&s, &g);
    YY_STORE(out + i, g * s * YY_LOAD(up + i));
  }
  if (i < count) {
    yy_load_part(&g, gate + i, count - i, 0.0f);
    yy_load_part(&u, up + i, count - i, 0.0f);
    yy_sigmoid(&s, &g);
    u = g * s * u;
    yy_store_part(out + i, &u, count - i);
  }
}

YY_KERNEL void yy_silu_multiply_backward(
    float *dgate, float *dup, const float *dout, const float *gate, const float *up, intptr_t count) {
  yy_f32 g, u, d, s;
  intptr_t i = 0;
  for (; i + YY_LANES <= count; i += YY_LANES) {
    g = YY_LOAD(gate + i);
    d = YY_LOAD(dout + i);
    yy_sigmoid(&s, &g);
    YY_STORE(dup + i, d * (g * s));
    YY_STORE(dgate + i, d * YY_LOAD(up + i) * (s * (1.0f + g * (1.0f - s))));
  }
  if (i < count) {
    yy_load_part(&g, gate + i, count - i, 0.0f);
    yy_load_part(&u, up + i, count - i, 0.0f);
    yy_load_part(&d, dout + i, count - i, 0.0f);
    yy_sigmoid(&s, &g);
    u = d * u * (s * (1.0f + g * (1.0f - s)));
    d = d * (g * s);
    yy_store_part(dup + i, &d, count - i);
    yy_store_part(dgate + i, &u, count - i);
  }
}
