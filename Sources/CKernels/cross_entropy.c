#include "include/kernels.h"
#include "vector.h"

/* Cross-entropy of rows of logits (rows, V) against one target each:
   nll = lse - logit[target], lse = m + log(sum of exp(logit - m)), m the largest logit.
   dlogits = scale * (softmax(logits) - [target]), written over the logits.
   Sums over a whole vocabulary run in f32 lanes that are emptied into a double every YY_BLOCK numbers. */

enum { YY_BLOCK = 1024 };

YY_INLINE float yy_row_max(const float *x, intptr_t count) {
  yy_f32 v, largest = -__builtin_inff();
  intptr_t i = 0;
  for (; i + YY_LANES <= count; i += YY_LANES) {
    v = YY_LOAD(x + i);
    largest = v > largest ? v : largest;
  }
  if (i < count) {
    yy_load_part(&v, x + i, count - i, -__builtin_inff());
    largest = v > largest ? v : largest;
  }
  return yy_max(&largest);
}

YY_KERNEL double yy_cross_entropy_forward(
    const float *logits, const int32_t *targets, intptr_t rows, intptr_t columns) {
  double nll = 0.0;
  yy_f32 v;
  for (intptr_t row = 0; row < rows; row++, logits += columns) {
    const float m = yy_row_max(logits, columns);
    double sum = 0.0;
    for (intptr_t start = 0; start < columns; start += YY_BLOCK) {
      const intptr_t end = start + YY_BLOCK < columns ? start + YY_BLOCK : columns;
      yy_f32 total = 0.0f;
      intptr_t i = start;
      for (; i + YY_LANES <= end; i += YY_LANES) {
        v = YY_LOAD(logits + i) - m;
        yy_exp(&v, &v);
        total += v;
      }
      if (i < end) {
        yy_load_part(&v, logits + i, end - i, -__builtin_inff());
        v -= m;
        yy_exp(&v, &v);
        total += v;
      }
      sum += (double)yy_sum(&total);
    }
    nll += __builtin_log(sum) + ((double)m - (double)logits[targets[row]]);
  }
  return nll;
}

YY_KERNEL double yy_cross_entropy_gradient(
    float *logits, const int32_t *targets, float scale, intptr_t rows, intptr_t columns) {
  double nll = 0.0;
  yy_f32 v;
  for (intptr_t row = 0; row < rows; row++, logits += columns) {
    const float m = yy_row_max(logits, columns);
    const double distance = (double)m - (double)logits[targets[row]];
    double sum = 0.0;
    for (intptr_t start = 0; start < columns; start += YY_BLOCK) {
      const intptr_t end = start + YY_BLOCK < columns ? start + YY_BLOCK : columns;
      yy_f32 total = 0.0f;
      intptr_t i = start;
      for (; i + YY_LANES <= end; i += YY_LANES) {
        v = YY_LOAD(logits + i) - m;
        yy_exp(&v, &v);
        total += v;
        YY_STORE(logits + i, v);
      }
      if (i < end) {
        yy_load_part(&v, logits + i, end - i, -__builtin_inff());
        v -= m;
        yy_exp(&v, &v);
        total += v;
        yy_store_part(logits + i, &v, end - i);
      }
      sum += (double)yy_sum(&total);
    }
    nll += __builtin_log(sum) + distance;
    const float factor = (float)((double)scale / sum);
    for (intptr_t i = 0; i < columns; i++) logits[i] *= factor;
    logits[targets[row]] -= scale;
  }
  return nll;
}

/* For each row: log-probability of the target, entropy of the distribution in nats (log(sum) - sum of
   e^z z / sum, z = logit - m) and the rank of the target (1 = most likely; of equal logits the lower id comes
   first). */
YY_KERNEL void yy_token_scores(
    const float *logits, const int32_t *targets, double *logProbability, double *entropy, int32_t *rank,
    intptr_t rows, intptr_t columns) {
  yy_f32 v, e;
  for (intptr_t row = 0; row < rows; row++, logits += columns) {
    const float m = yy_row_max(logits, columns);
    const intptr_t target = targets[row];
    const float own = logits[target];
    double sum = 0.0, weighted = 0.0;
    intptr_t before = 0;
    for (intptr_t start = 0; start < columns; start += YY_BLOCK) {
      const intptr_t end = start + YY_BLOCK < columns ? start + YY_BLOCK : columns;
      yy_f32 total = 0.0f, product = 0.0f;
      intptr_t i = start;
      for (; i + YY_LANES <= end; i += YY_LANES) {
        v = YY_LOAD(logits + i) - m;
        yy_exp(&e, &v);
        total += e;
        product += e * (v < -100.0f ? -100.0f : v);
      }
      if (i < end) {
        yy_load_part(&v, logits + i, end - i, -__builtin_inff());
        v -= m;
        yy_exp(&e, &v);
        total += e;
        product += e * (v < -100.0f ? -100.0f : v);
      }
      sum += (double)yy_sum(&total);
      weighted += (double)yy_sum(&product);
    }
    int32_t ahead = 0;
    for (intptr_t i = 0; i < columns; i++) ahead += logits[i] > own;
    for (intptr_t i = 0; i < target; i++) before += logits[i] == own;
    const double logSum = __builtin_log(sum);
    logProbability[row] = (double)own - (double)m - logSum;
    entropy[row] = logSum - weighted / sum;
    rank[row] = ahead + (int32_t)before + 1;
  }
}
