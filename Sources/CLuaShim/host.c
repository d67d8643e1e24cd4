/* A Lua state with the record that belongs to it: who runs, what is alive, how much memory is used. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

const char yy_key_box, yy_key_object, yy_key_traceback, yy_key_kept_value, yy_key_kept_text, yy_key_interrupted,
    yy_key_no_stack, yy_key_no_memory;

static void *allocate(void *context, void *block, size_t old, size_t size) {
  yy_host *host = context;
  if (!block) old = 0; /* then `old` is the kind of object, not a size */
  if (size == 0) {
    free(block);
    host->used -= old;
    return NULL;
  }
  if (host->limit && size > old && host->used - old + size > host->limit) return NULL;
  void *moved = realloc(block, size);
  if (moved) host->used += size - old;
  return moved;
}

/* Lua hands a warning over in pieces; `@on` and `@off` are its control messages. */
static void warn(void *context, const char *text, int continues) {
  yy_host *host = context;
  if (host->warning_length == 0 && !continues && text[0] == '@') {
    if (strcmp(text, "@on") == 0) host->warnings_on = true;
    if (strcmp(text, "@off") == 0) host->warnings_on = false;
    return;
  }
  size_t room = sizeof host->warning - 1 - host->warning_length, length = strlen(text);
  if (length > room) length = room;
  memcpy(host->warning + host->warning_length, text, length);
  host->warning_length += length;
  host->warning[host->warning_length] = 0;
  if (continues) return;
  host->warning_length = 0;
  if (host->warnings_on) host->callbacks.warn(host->context, host->warning);
}

static int set_up(lua_State *L) {
  luaL_openlibs(L);
  yy_open_coroutines(L);
  yy_open_boxes(L);
  yy_open_shell(L);
  lua_pushliteral(L, "interrupted!");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_interrupted);
  lua_pushliteral(L, "stack overflow");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_no_stack);
  lua_pushliteral(L, "not enough memory");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_no_memory);
  lua_pushliteral(L, "");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_traceback);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_kept_value);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_kept_text);
  return 0;
}

lua_State *yy_open(yy_callbacks callbacks, void *context, size_t memory_limit) {
  yy_host *host = calloc(1, sizeof *host);
  if (!host) return NULL;
  host->callbacks = callbacks;
  host->context = context;
  host->warnings_on = true;
  lua_State *L = lua_newstate(allocate, host);
  if (!L) {
    free(host);
    return NULL;
  }
  host->main = host->running = L;
  *(yy_host **)lua_getextraspace(L) = host;
  lua_setwarnf(L, warn, host);
  lua_pushcfunction(L, set_up);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
    yy_close(L);
    return NULL;
  }
  host->limit = memory_limit;
  return L;
}

size_t yy_close(lua_State *L) {
  yy_host *host = yy_host_of(L);
  lua_close(host->main);
  size_t left = host->live_objects;
  free(host);
  return left;
}

void *yy_context(lua_State *L) { return yy_host_of(L)->context; }
lua_State *yy_main(lua_State *L) { return yy_host_of(L)->main; }
lua_State *yy_running(lua_State *L) { return yy_host_of(L)->running; }
size_t yy_live_objects(lua_State *L) { return yy_host_of(L)->live_objects; }
size_t yy_used_bytes(lua_State *L) { return yy_host_of(L)->used; }
void yy_set_memory_limit(lua_State *L, size_t bytes) { yy_host_of(L)->limit = bytes; }
void yy_collect(lua_State *L) { lua_gc(L, LUA_GCCOLLECT); }
void yy_push_globals(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); }
void yy_push_out_of_memory(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_no_memory); }
