/* One flag for the whole program: the user asked that the running work stop.
   Set from signal handlers, polled by native loops and by the Lua hook. */
#ifndef YY_INTERRUPT_H
#define YY_INTERRUPT_H

#include <stdbool.h>

void yy_interrupt_request(void);
void yy_interrupt_clear(void);
bool yy_interrupt_is_requested(void);

#endif
