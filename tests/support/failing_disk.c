// SPDX-License-Identifier: MIT
// A disk that fails, for LD_PRELOAD: after the first DISK_AFTER calls of a process that write below
// the folder DISK_UNDER, every later one is refused with the number DISK_ERRNO. With ENOSPC reading
// and removing files go on, as on a full disk; with any other number nothing there can be opened.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static int below(const char *path) {
  const char *folder = getenv("DISK_UNDER");
  char whole[4096];
  if (!folder || !path) return 0;
  if (path[0] != '/') {
    if (!getcwd(whole, sizeof whole / 2)) return 0;
    strcat(whole, "/");
    strncat(whole, path, sizeof whole / 2 - 2);
    path = whole;
  }
  return !strncmp(path, folder, strlen(folder));
}

static int fails(const char *path) {
  const char *after = getenv("DISK_AFTER"), *number = getenv("DISK_ERRNO");
  if (!after || !number || !below(path)) return 0;
  if (__sync_add_and_fetch(&calls, 1) <= atol(after)) return 0;
  errno = atoi(number);
  return 1;
}

static int fails_fd(int fd) {
  char link[64], path[4096];
  int saved = errno;
  if (!getenv("DISK_UNDER")) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (size < 0) return 0;
  path[size] = 0;
  return fails(path);
}

static int lost(void) {
  const char *number = getenv("DISK_ERRNO");
  return number && atoi(number) != ENOSPC;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define OPEN(name)                                                        \
  int name(const char *path, int flags, ...) {                            \
    va_list more;                                                         \
    va_start(more, flags);                                                \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                         \
    if ((flags & O_CREAT || lost()) && fails(path)) return -1;            \
    return NEXT(name)(path, flags, mode);                                 \
  }
#define ON_PATH(name, type, given, passed) \
  int name given { return type && fails(path) ? -1 : NEXT(name) passed; }
#define ON_FD(kind, name, given, passed) \
  kind name given { return fails_fd(fd) ? -1 : NEXT(name) passed; }

OPEN(open)
OPEN(open64)
ON_PATH(mkdir, 1, (const char *path, mode_t mode), (path, mode))
ON_PATH(unlink, lost(), (const char *path), (path))
ON_PATH(rename, 1, (const char *path, const char *to), (path, to))
ON_FD(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
ON_FD(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
ON_FD(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
ON_FD(int, ftruncate, (int fd, off_t size), (fd, size))
ON_FD(int, ftruncate64, (int fd, off64_t size), (fd, size))
ON_FD(int, fsync, (int fd), (fd))
ON_FD(int, fdatasync, (int fd), (fd))
