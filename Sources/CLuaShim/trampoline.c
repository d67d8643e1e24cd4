/* Swift functions and objects as Lua values. A function is one C closure whose only upvalue is a userdata that
   holds a retained box; an object is a userdata of one pointer whose metatable is that of its class. */
#include "host.h"

static int trampoline(lua_State *L) {
  void **box = lua_touserdata(L, lua_upvalueindex(1));
  int count = yy_host_of(L)->callbacks.call(L, *box);
  if (count == YY_RAISE) return lua_error(L); /* no Swift frame is alive here */
  return count;
}

static void release(lua_State *L, void **slot) {
  void *object = *slot;
  if (!object) return;
  *slot = NULL;
  yy_host *host = yy_host_of(L);
  host->live_objects--;
  host->callbacks.release(object);
}

static int box_gc(lua_State *L) {
  release(L, lua_touserdata(L, 1));
  return 0;
}

int yy_open_boxes(lua_State *L) {
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, box_gc);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &yy_key_box);
  return 0;
}

/* Both wrappers store the pointer last: whoever fails before leaves the retain with Swift. */
static int make_function(lua_State *L) {
  void *box = lua_touserdata(L, 1);
  void **slot = lua_newuserdatauv(L, sizeof(void *), 0);
  *slot = NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_box);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, trampoline, 1);
  *slot = box;
  yy_host_of(L)->live_objects++;
  return 1;
}

static int make_object(lua_State *L) {
  void **slot = lua_newuserdatauv(L, sizeof(void *), 0);
  *slot = NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, lua_touserdata(L, 2));
  lua_setmetatable(L, -2);
  *slot = lua_touserdata(L, 1);
  yy_host_of(L)->live_objects++;
  return 1;
}

int yy_push_function(lua_State *L, void *box) {
  lua_pushcfunction(L, make_function);
  lua_pushlightuserdata(L, box);
  return lua_pcall(L, 1, 1, 0);
}

int yy_push_object(lua_State *L, const void *class_key, void *object) {
  lua_pushcfunction(L, make_object);
  lua_pushlightuserdata(L, object);
  lua_pushlightuserdata(L, (void *)class_key);
  return lua_pcall(L, 2, 1, 0);
}

bool yy_is_object(lua_State *L, int index, const void *class_key) {
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, class_key);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

void *yy_object(lua_State *L, int index) { return *(void **)lua_touserdata(L, index); }

void *yy_function_box(lua_State *L, int index) {
  if (lua_tocfunction(L, index) != trampoline || !lua_getupvalue(L, index, 1)) return NULL;
  void *box = *(void **)lua_touserdata(L, -1);
  lua_pop(L, 1);
  return box;
}

void yy_free_object(lua_State *L, int index) { release(L, lua_touserdata(L, index)); }

/* A user can reach it only through the debug library, and may then pass anything. */
static int object_gc(lua_State *L) {
  if (lua_type(L, 1) != LUA_TUSERDATA || !lua_getmetatable(L, 1)) return 0;
  if (lua_rawgetp(L, -1, &yy_key_object) != LUA_TNIL) release(L, lua_touserdata(L, 1));
  return 0;
}

static int set_metatable_of(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, lua_touserdata(L, 2));
  lua_pushboolean(L, 1);
  lua_rawsetp(L, 1, &yy_key_object);
  lua_pushcfunction(L, object_gc);
  lua_setfield(L, 1, "__gc");
  return 0;
}

int yy_set_metatable_of(lua_State *L, const void *class_key) {
  lua_pushcfunction(L, set_metatable_of);
  lua_insert(L, -2);
  lua_pushlightuserdata(L, (void *)class_key);
  return lua_pcall(L, 2, 0, 0);
}

void yy_push_metatable_of(lua_State *L, const void *class_key) { lua_rawgetp(L, LUA_REGISTRYINDEX, class_key); }

/* x.name and x[number]: methods, then properties, then numbers, then the message about an unknown name. */
static int class_index(lua_State *L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
  }
  bool number = lua_type(L, 2) == LUA_TNUMBER && !lua_isnil(L, lua_upvalueindex(3));
  lua_pushvalue(L, lua_upvalueindex(number ? 3 : 4));
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static int class_newindex(lua_State *L) {
  lua_settop(L, 3);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 3);
    lua_call(L, 2, 0);
    return 0;
  }
  bool number = lua_type(L, 2) == LUA_TNUMBER && !lua_isnil(L, lua_upvalueindex(2));
  lua_pushvalue(L, lua_upvalueindex(number ? 2 : 3));
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  lua_call(L, 3, 0);
  return 0;
}

static int make_index(lua_State *L) {
  lua_pushcclosure(L, class_index, 4);
  return 1;
}

static int make_newindex(lua_State *L) {
  lua_pushcclosure(L, class_newindex, 3);
  return 1;
}

int yy_push_class_index(lua_State *L) {
  lua_pushcfunction(L, make_index);
  lua_insert(L, -5);
  return lua_pcall(L, 4, 1, 0);
}

int yy_push_class_newindex(lua_State *L) {
  lua_pushcfunction(L, make_newindex);
  lua_insert(L, -4);
  return lua_pcall(L, 3, 1, 0);
}
