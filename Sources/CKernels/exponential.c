#include "include/kernels.h"
#include "vector.h"

/* out = e^x; see yy_exp for its accuracy. */
YY_KERNEL void yy_exponential(float *out, const float *x, intptr_t count) {
  yy_f32 v;
  intptr_t i = 0;
  for (; i + YY_LANES <= count; i += YY_LANES) {
    v = YY_LOAD(x + i);
    yy_exp(&v, &v);
    YY_STORE(out + i, v);
  }
  if (i < count) {
    yy_load_part(&v, x + i, count - i, 0.0f);
    yy_exp(&v, &v);
    yy_store_part(out + i, &v, count - i);
  }
}
