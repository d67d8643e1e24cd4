/* What the files of this folder share. */
#ifndef YY_HOST_H
#define YY_HOST_H

#include "lua_shim.h"

#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>

typedef struct yy_host {
  yy_callbacks callbacks;
  void *context;
  lua_State *main;
  lua_State *volatile running;
  volatile sig_atomic_t interrupted;
  int depth;                    /* of nested runs */
  struct yy_host *outer;        /* the host that ran on this thread before */
  size_t live_objects;
  size_t used, limit;           /* bytes; limit 0: none */
  bool warnings_on;
  size_t warning_length;
  char warning[1024];
  bool was_blocked;             /* SIGINT, on the thread of the run */
  bool traceback_open;          /* the kept traceback ends where a coroutine begins */
} yy_host;

static inline yy_host *yy_host_of(lua_State *L) { return *(yy_host **)lua_getextraspace(L); }

/* Registry keys: the addresses of these. */
extern const char yy_key_box, yy_key_object, yy_key_traceback, yy_key_kept_value, yy_key_kept_text,
    yy_key_interrupted, yy_key_no_stack, yy_key_no_memory;

void yy_arm(lua_State *L);
int yy_message_handler(lua_State *L);
int yy_open_coroutines(lua_State *L);
int yy_open_boxes(lua_State *L);
int yy_open_shell(lua_State *L);

#endif
