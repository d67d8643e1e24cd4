#include "include/matvec.h"
#include "vector.h"

/* Reads memory as fast as one thread can, for measuring: the exclusive or of its whole lines of 64 bytes. */
YY_KERNEL uint64_t yy_read(const void *memory, intptr_t bytes) {
  typedef uint64_t lane __attribute__((ext_vector_type(8)));
  const lane *lines = memory;
  lane found[8] = {0};
  const intptr_t count = bytes / (intptr_t)sizeof(lane);
  intptr_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int a = 0; a < 8; a++) found[a] ^= lines[i + a];
  for (; i < count; i++) found[0] ^= lines[i];
  uint64_t all = 0;
  for (int a = 0; a < 8; a++)
    for (int j = 0; j < 8; j++) all ^= found[a][j];
  return all;
}
