/* What Swift may not do itself with Lua's C interface: everything that can raise an error (longjmp) or run
   a metamethod. Every function here either cannot raise or runs under lua_pcall; none of them ever jumps
   over a Swift frame. Functions that answer `int` give a Lua status: on LUA_OK the operands on top of the
   stack were replaced by the results, otherwise by one error value. */
#ifndef YY_LUA_SHIM_H
#define YY_LUA_SHIM_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Answer of a Swift-backed function that pushed an error value. */
#define YY_RAISE (-1)

/* What Swift supplies: the body of a function box, the release of any retained object, a sink for warnings. */
typedef struct yy_callbacks {
  int (*call)(lua_State *L, void *box);
  void (*release)(void *object);
  void (*warn)(void *context, const char *text);
} yy_callbacks;

/* host.c: states */
lua_State *yy_open(yy_callbacks callbacks, void *context, size_t memory_limit); /* NULL: no memory */
size_t yy_close(lua_State *L);                  /* Swift objects still held afterwards: 0 unless we leak */
void *yy_context(lua_State *L);
lua_State *yy_main(lua_State *L);
lua_State *yy_running(lua_State *L);            /* the thread of this interpreter that is running now */
size_t yy_live_objects(lua_State *L);
size_t yy_used_bytes(lua_State *L);
void yy_set_memory_limit(lua_State *L, size_t bytes); /* 0: none */
void yy_collect(lua_State *L);                  /* a full cycle; finalizers run, their errors become warnings */
void yy_push_globals(lua_State *L);

/* trampoline.c: Swift functions and objects as Lua values */
int yy_push_function(lua_State *L, void *box);               /* takes over one retain on LUA_OK only */
int yy_push_object(lua_State *L, const void *class_key, void *object); /* the same */
bool yy_is_object(lua_State *L, int index, const void *class_key);
void *yy_object(lua_State *L, int index);                    /* after yy_is_object; NULL once freed */
void *yy_function_box(lua_State *L, int index);              /* NULL: not a Swift function */
void yy_free_object(lua_State *L, int index);                /* releases now what __gc would release later */
int yy_set_metatable_of(lua_State *L, const void *class_key);/* (table) -> (): the metatable of a class */
void yy_push_metatable_of(lua_State *L, const void *class_key);
int yy_push_class_index(lua_State *L);    /* (methods, getters, number getter, missing) -> function */
int yy_push_class_newindex(lua_State *L); /* (setters, number setter, missing) -> function */

/* protected.c */
int yy_call(lua_State *L, int arguments, int results);       /* (f, args...) with a traceback kept */
void yy_push_traceback(lua_State *L);                        /* of the last failed yy_call; "" if none */
void yy_keep_traceback(lua_State *L);                        /* (value, text) -> (value): belongs to that value */
int yy_push_bytes(lua_State *L, const char *bytes, size_t count);
int yy_new_table(lua_State *L, int array, int fields);
int yy_get(lua_State *L);                                    /* (t, k) -> v */
int yy_set(lua_State *L);                                    /* (t, k, v) -> () */
int yy_raw_set(lua_State *L);                                /* (t, k, v) -> () */
int yy_concat(lua_State *L, int count);
int yy_compare(lua_State *L, int operation);                 /* (a, b) -> boolean */
int yy_length(lua_State *L);                                 /* (v) -> length */
int yy_tostring(lua_State *L);                               /* (v) -> string, by __tostring and __name */
int yy_meta_field(lua_State *L, const char *name);           /* (v) -> field of its metatable or nil */
void yy_push_out_of_memory(lua_State *L);                     /* the value pushed when nothing else can be */
int yy_reference(lua_State *L);                              /* (v) -> integer key */
void yy_push_reference(lua_State *L, int reference);
void yy_release_reference(lua_State *L, int reference);
int yy_load(lua_State *L, const char *bytes, size_t count, const char *chunk_name);
bool yy_where(lua_State *L, int level, char *source, size_t size, int *line);
bool yy_function_place(lua_State *L, int index, char *source, size_t size, int *line);
int yy_function_info(lua_State *L);    /* (f) -> (source string, first line, last line, is C, parameters, vararg) */
int yy_parameter_name(lua_State *L, int n);                  /* (f) -> name or nil */

/* interrupt.c */
void yy_interrupt_install(void);       /* takes SIGINT; idempotent */
void yy_run_begin(lua_State *L);       /* Lua runs on this thread until yy_run_end; nests */
bool yy_run_end(lua_State *L);         /* whether the run was interrupted; hook and flags are clear after the outermost */
bool yy_is_interrupted(lua_State *L);
/* The index of the registry, which is a macro that Swift does not see. */
static inline int yy_registry(void) { return LUA_REGISTRYINDEX; }
bool yy_is_running(lua_State *L);
void yy_push_interrupt(lua_State *L);  /* the error value of an interrupted run */
unsigned long yy_this_thread(void);
void yy_interrupt_thread(unsigned long thread);

#endif
