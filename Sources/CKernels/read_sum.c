#include "include/kernels.h"
#include "vector.h"

/* The sum of all words, modulo 2^64: what reading memory costs, and nothing else. Four running sums keep the
   additions from waiting for one another. */
YY_KERNEL uint64_t yy_read_sum(const uint64_t *words, intptr_t count) {
  typedef uint64_t lanes __attribute__((ext_vector_type(8)));
  typedef uint64_t lanes_unaligned __attribute__((ext_vector_type(8), aligned(8)));
  lanes a = 0, b = 0, c = 0, d = 0;
  intptr_t i = 0;
  for (; i + 32 <= count; i += 32) {
    a += *(const lanes_unaligned *)(words + i);
    b += *(const lanes_unaligned *)(words + i + 8);
    c += *(const lanes_unaligned *)(words + i + 16);
    d += *(const lanes_unaligned *)(words + i + 24);
  }
  const lanes all = (a + b) + (c + d);
  uint64_t sum = 0;
  for (int lane = 0; lane < 8; lane++) sum += all[lane];
  for (; i < count; i++) sum += words[i];
  return sum;
}
