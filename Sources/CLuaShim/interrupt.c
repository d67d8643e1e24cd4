/* Stopping Lua. There is no standing hook, which would make loops twice as slow: the SIGINT handler sets a hook on
   the thread that runs at that moment, as the function that fires at every call, return, line and instruction.
   A count of one gets out of `while true do pcall(f) end`; with a larger one the error is caught again for ever.

   Lua keeps hooks per coroutine, so the functions of the coroutine library are replaced by ones that record which
   coroutine runs, and arm the parent when a coroutine ends while an interrupt is wanted. */
#define _GNU_SOURCE
#include "host.h"
#include "interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static _Thread_local yy_host *volatile active;
static atomic_ulong foreground; /* the thread that began a run last; 0: none */

void yy_push_interrupt(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &yy_key_interrupted); }

static void hook(lua_State *L, lua_Debug *ar) {
  if (!yy_host_of(L)->interrupted) { /* left behind on a coroutine of an earlier run */
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  if (ar->event == LUA_HOOKCALL) { /* the traceback of a native loop that stopped by itself */
    lua_getinfo(L, "f", ar);
    bool handler = lua_tocfunction(L, -1) == yy_message_handler;
    lua_pop(L, 1);
    if (handler) return;
  }
  yy_push_interrupt(L);
  lua_error(L);
}

void yy_arm(lua_State *L) {
  lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void on_signal(int number) {
  int saved = errno;
  yy_interrupt_request();
  yy_host *host = active;
  if (host) {
    host->interrupted = 1;
    yy_arm(host->running); /* lua_sethook may be called from a signal handler */
  } else {
    unsigned long thread = atomic_load(&foreground);
    if (thread && thread != (unsigned long)pthread_self()) pthread_kill((pthread_t)thread, number);
  }
  errno = saved;
}

void yy_interrupt_install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal; /* without SA_RESTART: a blocked read comes back */
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

/* Answers whether SIGINT was blocked on this thread before. */
static bool mask_interrupt(int how) {
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(how, &set, &old);
  return sigismember(&old, SIGINT) == 1;
}

void yy_run_begin(lua_State *L) {
  yy_host *host = yy_host_of(L);
  if (host->depth++ > 0) return;
  host->outer = active;
  if (!host->outer) yy_interrupt_clear(); /* an interrupt of the idle program is not for this run */
  host->interrupted = 0;
  active = host;
  atomic_store(&foreground, (unsigned long)pthread_self());
  host->was_blocked = mask_interrupt(SIG_UNBLOCK); /* threads of a dispatch queue block every signal */
}

bool yy_run_end(lua_State *L) {
  yy_host *host = yy_host_of(L);
  bool interrupted = host->interrupted;
  if (--host->depth > 0) return interrupted;
  if (host->was_blocked) mask_interrupt(SIG_BLOCK);
  active = host->outer;
  host->outer = NULL;
  interrupted = host->interrupted;
  host->interrupted = 0;
  lua_sethook(host->main, NULL, 0, 0);
  if (!active) {
    unsigned long self = (unsigned long)pthread_self();
    atomic_compare_exchange_strong(&foreground, &self, 0);
    if (interrupted) yy_interrupt_clear();
  }
  return interrupted;
}

bool yy_is_interrupted(lua_State *L) { return yy_host_of(L)->interrupted; }
bool yy_is_running(lua_State *L) { return yy_host_of(L)->depth > 0; }

unsigned long yy_this_thread(void) { return (unsigned long)pthread_self(); }
void yy_interrupt_thread(unsigned long thread) { pthread_kill((pthread_t)thread, SIGINT); }
