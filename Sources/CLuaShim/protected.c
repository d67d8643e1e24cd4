/* Lua operations that can raise, each as a C function run by lua_pcall. */
#include "host.h"

#include <string.h>

/* Runs f on the `arguments` topmost values. */
static int protect(lua_State *L, lua_CFunction f, int arguments, int results) {
  if (!lua_checkstack(L, 8)) {
    lua_settop(L, -arguments - 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_no_stack); /* Lua keeps five slots in reserve */
    return LUA_ERRMEM;
  }
  lua_pushcfunction(L, f);
  lua_insert(L, -arguments - 1);
  return lua_pcall(L, arguments, results, 0);
}

/* Keeps the traceback where yy_push_traceback finds it, and the error value as it is. A value that already
   came through a callback or a coroutine keeps the place it came from. */
int yy_message_handler(lua_State *L) {
  yy_host *host = yy_host_of(L);
  lua_settop(L, 1);
  bool kept = lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_kept_text) == LUA_TSTRING;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_kept_value);
  kept = kept && lua_rawequal(L, 1, 3);
  lua_settop(L, kept ? 2 : 1);
  if (!kept || host->traceback_open) {
    luaL_traceback(L, L, NULL, 1);
    if (kept) {
      const char *rest = strchr(lua_tostring(L, 3), '\n');
      lua_pushstring(L, rest ? rest : "");
      lua_remove(L, 3);
      lua_concat(L, 2);
    }
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_traceback);
  return 1;
}

int yy_call(lua_State *L, int arguments, int results) {
  if (!lua_checkstack(L, results > 0 ? results + 8 : 8)) {
    lua_settop(L, -arguments - 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_no_stack);
    return LUA_ERRMEM;
  }
  int handler = lua_gettop(L) - arguments;
  lua_pushcfunction(L, yy_message_handler);
  lua_insert(L, handler);
  int status = lua_pcall(L, arguments, results, handler);
  lua_remove(L, handler);
  return status;
}

void yy_push_traceback(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_traceback); }

void yy_keep_traceback(lua_State *L) {
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_kept_text); /* the keys exist: no allocation */
  lua_pushvalue(L, -1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_kept_value);
  yy_host_of(L)->traceback_open = false;
}

static int push_bytes(lua_State *L) {
  lua_pushlstring(L, lua_touserdata(L, 1), (size_t)lua_tointeger(L, 2));
  return 1;
}
int yy_push_bytes(lua_State *L, const char *bytes, size_t count) {
  lua_pushlightuserdata(L, (void *)bytes);
  lua_pushinteger(L, (lua_Integer)count);
  return protect(L, push_bytes, 2, 1);
}

static int new_table(lua_State *L) {
  lua_createtable(L, (int)lua_tointeger(L, 1), (int)lua_tointeger(L, 2));
  return 1;
}
int yy_new_table(lua_State *L, int array, int fields) {
  lua_pushinteger(L, array);
  lua_pushinteger(L, fields);
  return protect(L, new_table, 2, 1);
}

static int get(lua_State *L) {
  lua_gettable(L, 1);
  return 1;
}
int yy_get(lua_State *L) { return protect(L, get, 2, 1); }

static int set(lua_State *L) {
  lua_settable(L, 1);
  return 0;
}
int yy_set(lua_State *L) { return protect(L, set, 3, 0); }

static int raw_set(lua_State *L) {
  if (lua_isnil(L, 2)) return luaL_error(L, "index is nil");
  if (lua_type(L, 2) == LUA_TNUMBER && lua_tonumber(L, 2) != lua_tonumber(L, 2))
    return luaL_error(L, "index is NaN");
  lua_rawset(L, 1);
  return 0;
}
int yy_raw_set(lua_State *L) { return protect(L, raw_set, 3, 0); }

static int concat(lua_State *L) {
  lua_concat(L, lua_gettop(L));
  return 1;
}
int yy_concat(lua_State *L, int count) { return protect(L, concat, count, 1); }

static int compare(lua_State *L) {
  lua_pushboolean(L, lua_compare(L, 1, 2, (int)lua_tointeger(L, 3)));
  return 1;
}
int yy_compare(lua_State *L, int operation) {
  lua_pushinteger(L, operation);
  return protect(L, compare, 3, 1);
}

static int length(lua_State *L) {
  lua_pushinteger(L, luaL_len(L, 1));
  return 1;
}
int yy_length(lua_State *L) { return protect(L, length, 1, 1); }

static int tostring(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}
int yy_tostring(lua_State *L) { return protect(L, tostring, 1, 1); }

static int meta_field(lua_State *L) {
  if (luaL_getmetafield(L, 1, lua_touserdata(L, 2)) == LUA_TNIL) lua_pushnil(L);
  return 1;
}
int yy_meta_field(lua_State *L, const char *name) {
  lua_pushlightuserdata(L, (void *)name);
  return protect(L, meta_field, 2, 1);
}

static int reference(lua_State *L) {
  lua_pushinteger(L, luaL_ref(L, LUA_REGISTRYINDEX));
  return 1;
}
int yy_reference(lua_State *L) { return protect(L, reference, 1, 1); }
void yy_push_reference(lua_State *L, int key) { lua_rawgeti(L, LUA_REGISTRYINDEX, key); }
void yy_release_reference(lua_State *L, int key) {
  lua_checkstack(L, 4);
  luaL_unref(L, LUA_REGISTRYINDEX, key); /* writes to slots that exist: cannot raise */
}

int yy_load(lua_State *L, const char *bytes, size_t count, const char *chunk_name) {
  return luaL_loadbufferx(L, bytes, count, chunk_name, "t");
}

static bool place(lua_Debug *ar, int at, char *source, size_t size, int *line) {
  if (at <= 0) return false;
  strncpy(source, ar->short_src, size - 1);
  source[size - 1] = 0;
  *line = at;
  return true;
}

/* The innermost Lua line from `level` on: also found through pcall, sort and our own helpers. */
bool yy_where(lua_State *L, int level, char *source, size_t size, int *line) {
  lua_Debug ar;
  for (; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (place(&ar, ar.currentline, source, size, line)) return true;
  }
  return false;
}

bool yy_function_place(lua_State *L, int index, char *source, size_t size, int *line) {
  if (lua_type(L, index) != LUA_TFUNCTION) return false;
  lua_Debug ar;
  lua_pushvalue(L, index);
  lua_getinfo(L, ">S", &ar);
  return place(&ar, ar.linedefined, source, size, line);
}

static int function_info(lua_State *L) {
  lua_Debug ar;
  lua_settop(L, 1);
  lua_getinfo(L, ">Su", &ar);
  lua_pushstring(L, ar.source);
  lua_pushinteger(L, ar.linedefined);
  lua_pushinteger(L, ar.lastlinedefined);
  lua_pushboolean(L, *ar.what == 'C');
  lua_pushinteger(L, ar.nparams);
  lua_pushboolean(L, ar.isvararg);
  return 6;
}
int yy_function_info(lua_State *L) { return protect(L, function_info, 1, 6); }

static int parameter_name(lua_State *L) {
  int n = (int)lua_tointeger(L, 2);
  lua_settop(L, 1);
  lua_pushstring(L, lua_getlocal(L, NULL, n));
  return 1;
}
int yy_parameter_name(lua_State *L, int n) {
  lua_pushinteger(L, n);
  return protect(L, parameter_name, 2, 1);
}
