#include <malloc.h>

#include "include/kernels.h"

void yy_return_free_pages(intptr_t least) {
#if __GLIBC_PREREQ(2, 33)
  if (mallinfo2().fordblks < (size_t)least) return;
#endif
  malloc_trim(0);
}
