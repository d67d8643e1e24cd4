/* resume, wrap and close of the coroutine library, which also record the running coroutine (see interrupt.c) and keep
   the traceback of a coroutine that dies. Their results and messages are those of Lua's own. */
#include "host.h"

static lua_State *coroutine_at(lua_State *L, int index) {
  lua_State *co = lua_tothread(L, index);
  luaL_argexpected(L, co, index, "coroutine");
  return co;
}

/* Tells who runs now. An interrupt that came meanwhile must also reach the one that goes on. */
static void switch_to(lua_State *L) {
  yy_host *host = yy_host_of(L);
  host->running = L;
  if (host->interrupted) yy_arm(L);
}

/* Answers the number of values moved to L, or -1 with an error value on top of L. */
static int resume(lua_State *L, lua_State *co, int arguments) {
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, arguments);
  int results, status;
  switch_to(co);
  status = lua_resume(co, L, arguments, &results);
  switch_to(L);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, results);
  return results;
}

static int host_resume(lua_State *L) {
  lua_State *co = coroutine_at(L, 1);
  int results = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  if (results < 0) results = 1;
  lua_insert(L, -results - 1);
  return results + 1;
}

/* lua_resetthread runs the pending __close methods on the coroutine itself. */
static int reset(lua_State *L, lua_State *co) {
  switch_to(co);
  int status = lua_resetthread(co);
  switch_to(L);
  return status;
}

/* With the error value of a dead coroutine on top of L: keeps where it died. */
static void keep_traceback(lua_State *L, lua_State *co) {
  bool kept = lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_kept_text) == LUA_TSTRING;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_kept_value);
  kept = kept && lua_rawequal(L, -1, -3);
  lua_pop(L, 2);
  if (kept) return;
  luaL_traceback(L, co, NULL, 0);
  yy_keep_traceback(L);
}

static int host_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) {
    keep_traceback(L, co);
    lua_pop(L, 1);
    status = reset(L, co); /* closes its variables; may replace the error value, which it leaves on co */
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING && !yy_is_interrupted(L)) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  lua_pushvalue(L, -1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_kept_value);
  yy_host_of(L)->traceback_open = true;
  return lua_error(L);
}

static int host_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, host_wrapped, 1);
  return 1;
}

static int host_close(lua_State *L) {
  lua_State *co = coroutine_at(L, 1);
  lua_Debug ar;
  if (co == L) return luaL_error(L, "cannot close a running coroutine");
  if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
    return luaL_error(L, "cannot close a normal coroutine");
  if (reset(L, co) == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  lua_xmove(co, L, 1);
  return 2;
}

int yy_open_coroutines(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"resume", host_resume}, {"wrap", host_wrap}, {"close", host_close}, {NULL, NULL}};
  lua_getglobal(L, "coroutine");
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
  return 0;
}
