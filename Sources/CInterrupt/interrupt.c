#include "interrupt.h"

#include <stdatomic.h>

static atomic_bool requested;

void yy_interrupt_request(void) { atomic_store_explicit(&requested, true, memory_order_relaxed); }
void yy_interrupt_clear(void) { atomic_store_explicit(&requested, false, memory_order_relaxed); }
bool yy_interrupt_is_requested(void) { return atomic_load_explicit(&requested, memory_order_relaxed); }
