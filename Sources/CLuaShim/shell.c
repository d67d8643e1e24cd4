/* os.execute that Ctrl-C can stop: system() would ignore SIGINT until the command ends. The command keeps our standard
   streams. On a terminal it stays in our process group, so that it may read and gets the user's keys; elsewhere it has a
   group of its own, so that an interrupt ends its children too. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void pause_for(long microseconds) {
  struct timespec time = {0, microseconds * 1000};
  nanosleep(&time, NULL);
}

static int start(const char *command, bool own_group, pid_t *process) {
  posix_spawnattr_t attributes;
  sigset_t defaults;
  posix_spawnattr_init(&attributes);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | (own_group ? POSIX_SPAWN_SETPGROUP : 0));
  char *arguments[] = {"sh", "-c", (char *)command, NULL};
  int code = posix_spawn(process, "/bin/sh", NULL, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  return code;
}

/* What os.execute gives: true or nil, "exit" or "signal", the number. */
static int push_result(lua_State *L, int status) {
  bool exited = WIFEXITED(status);
  int code = exited ? WEXITSTATUS(status) : WTERMSIG(status);
  if (exited && code == 0) {
    lua_pushboolean(L, 1);
  } else {
    lua_pushnil(L);
  }
  lua_pushstring(L, exited ? "exit" : "signal");
  lua_pushinteger(L, code);
  return 3;
}

static int host_execute(lua_State *L) {
  const char *command = luaL_optstring(L, 1, NULL);
  if (!command) {
    lua_pushboolean(L, access("/bin/sh", X_OK) == 0);
    return 1;
  }
  yy_host *host = yy_host_of(L);
  bool own_group = !isatty(STDIN_FILENO);
  pid_t process;
  int code = start(command, own_group, &process);
  if (code != 0) {
    errno = code;
    return luaL_fileresult(L, 0, NULL);
  }
  int status = 0, waited;
  long nap = 200;
  while ((waited = waitpid(process, &status, WNOHANG)) == 0 || (waited < 0 && errno == EINTR)) {
    if (host->interrupted) {
      pid_t target = own_group ? -process : process;
      kill(target, SIGINT);
      for (int i = 0; i < 25 && waitpid(process, &status, WNOHANG) == 0; i++) pause_for(2000);
      if (kill(target, SIGKILL) == 0) waitpid(process, &status, 0);
      yy_push_interrupt(L);
      return lua_error(L);
    }
    pause_for(nap);
    if (nap < 10000) nap *= 2;
  }
  return waited < 0 ? luaL_fileresult(L, 0, NULL) : push_result(L, status);
}

int yy_open_shell(lua_State *L) {
  lua_getglobal(L, "os");
  lua_pushcfunction(L, host_execute);
  lua_setfield(L, -2, "execute");
  lua_pop(L, 1);
  return 0;
}
