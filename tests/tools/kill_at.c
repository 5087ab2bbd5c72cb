/* Kills a program at a write to its database files, for tests/webhooks/killed.rs to kill it at each of them in turn.
 *
 * Preloaded. Watches every file whose name begins with KILL_AT_NAME, but for shared memory (-shm), which a kill does not
 * leave. Each write, truncation, removal and sync is counted; before the one numbered KILL_AT (from 1) the program is
 * killed. One byte for each is appended to KILL_AT_COUNT: how many there are of a run that is not killed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static signed char watched[FILES];
static int count = -1;
static long left = -1;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_unlink)(const char *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

static void *find(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    real_write = find("write");
    real_pwrite = find("pwrite64");
    real_open = find("open64");
    real_openat = find("openat64");
    real_close = find("close");
    real_ftruncate = find("ftruncate64");
    real_unlink = find("unlink");
    real_fsync = find("fsync");
    real_fdatasync = find("fdatasync");
    const char *path = getenv("KILL_AT_COUNT"), *at = getenv("KILL_AT");
    if (path) count = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (at) left = strtol(at, NULL, 10);
}

static int is_named(const char *path) {
    const char *name = getenv("KILL_AT_NAME"), *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    if (!name || strncmp(base, name, strlen(name)) != 0) return 0;
    return strcmp(base + strlen(name), "-shm") != 0;
}

static int is(int fd) { return fd >= 0 && fd < FILES ? watched[fd] : 0; }

static void point(void) {
    pthread_mutex_lock(&lock);
    if (left > 0 && --left == 0) kill(getpid(), SIGKILL);
    if (count >= 0 && real_write(count, ".", 1) != 1) abort();
    pthread_mutex_unlock(&lock);
}

static void opened(int fd, const char *path) {
    if (fd >= 0 && fd < FILES) watched[fd] = is_named(path);
}

#define MODE(flags)                                  \
    mode_t mode = 0;                                 \
    if ((flags) & (O_CREAT | O_TMPFILE)) {           \
        va_list more;                                \
        va_start(more, flags);                       \
        mode = va_arg(more, mode_t);                 \
        va_end(more);                                \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    int fd = real_open(path, flags, mode);
    opened(fd, path);
    return fd;
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    int fd = real_open(path, flags, mode);
    opened(fd, path);
    return fd;
}

int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    int fd = real_openat(at, path, flags, mode);
    opened(fd, path);
    return fd;
}

int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    int fd = real_openat(at, path, flags, mode);
    opened(fd, path);
    return fd;
}

int close(int fd) {
    if (fd >= 0 && fd < FILES) watched[fd] = 0;
    return real_close(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (is(fd)) point();
    return real_write(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place) {
    if (is(fd)) point();
    return real_pwrite(fd, bytes, length, place);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t place) {
    if (is(fd)) point();
    return real_pwrite(fd, bytes, length, place);
}

int ftruncate(int fd, off_t size) {
    if (is(fd)) point();
    return real_ftruncate(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    if (is(fd)) point();
    return real_ftruncate(fd, size);
}

int unlink(const char *path) {
    if (is_named(path)) point();
    return real_unlink(path);
}

int fsync(int fd) {
    if (is(fd)) point();
    return real_fsync(fd);
}

int fdatasync(int fd) {
    if (is(fd)) point();
    return real_fdatasync(fd);
}
