#include "kernels.h"

#include <malloc.h>

void yy_return_free_pages(void) { malloc_trim(0); }
