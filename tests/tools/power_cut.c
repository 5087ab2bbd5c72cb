/* Writes down what a program does to its database files, for tests/power_cut.rs to cut the power at any moment of it.
 *
 * Preloaded. Watches every file whose name begins with POWER_CUT_NAME, but for shared memory (-shm), which no power cut
 * leaves. Each write, truncation, removal and sync is appended to POWER_CUT_LOG in the order in which it happened:
 *
 *     char     what: 'w' write, 't' truncate, 'u' unlink, 's' sync
 *     uint8    which file: 0 the database, 1 its -wal, 2 its -journal
 *     uint64   offset ('w'), size ('t'), else 0
 *     uint32   how many bytes follow ('w'), else 0
 *
 * in the machine's own byte order. The sync itself is left out: what counts is that it was asked for. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static signed char watched[FILES]; /* the file's number plus one; 0: not watched */
static int record = -1;

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
    const char *path = getenv("POWER_CUT_LOG");
    if (path) record = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int number(const char *path) {
    const char *name = getenv("POWER_CUT_NAME"), *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    if (!name || record < 0 || strncmp(base, name, strlen(name)) != 0) return 0;
    base += strlen(name);
    if (!*base) return 1;
    if (strcmp(base, "-wal") == 0) return 2;
    if (strcmp(base, "-journal") == 0) return 3;
    return 0;
}

static int is(int fd) { return fd >= 0 && fd < FILES ? watched[fd] : 0; }

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length) {
        ssize_t done = real_write(record, at, length);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) abort();
        at += done;
        length -= done;
    }
}

static void note(char what, int file, uint64_t place, const void *bytes, uint32_t length) {
    unsigned char head[14];
    head[0] = what;
    head[1] = file - 1;
    memcpy(head + 2, &place, 8);
    memcpy(head + 10, &length, 4);
    put(head, sizeof head);
    if (length) put(bytes, length);
}

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < FILES) watched[fd] = number(path);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open64(const char *path, int flags, ...) { MODE(flags) return opened(real_open(path, flags, mode), path); }
int open(const char *path, int flags, ...) { MODE(flags) return opened(real_open(path, flags, mode), path); }
int openat64(int dir, const char *path, int flags, ...) { MODE(flags) return opened(real_openat(dir, path, flags, mode), path); }
int openat(int dir, const char *path, int flags, ...) { MODE(flags) return opened(real_openat(dir, path, flags, mode), path); }

int close(int fd) {
    if (fd >= 0 && fd < FILES) watched[fd] = 0;
    return real_close(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    int file = is(fd);
    if (!file) return real_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    off64_t place = lseek64(fd, 0, SEEK_CUR);
    ssize_t done = real_write(fd, bytes, length);
    if (done > 0) note('w', file, place, bytes, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t place) {
    int file = is(fd);
    if (!file) return real_pwrite(fd, bytes, length, place);
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(fd, bytes, length, place);
    if (done > 0) note('w', file, place, bytes, done);
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place) { return pwrite64(fd, bytes, length, place); }

int ftruncate64(int fd, off64_t size) {
    int file = is(fd);
    if (!file) return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    int done = real_ftruncate(fd, size);
    if (done == 0) note('t', file, size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int unlink(const char *path) {
    int file = number(path);
    if (!file) return real_unlink(path);
    pthread_mutex_lock(&lock);
    int done = real_unlink(path);
    if (done == 0) note('u', file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

static int synced(int fd, int file) {
    (void)fd;
    pthread_mutex_lock(&lock);
    note('s', file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}
int fsync(int fd) { int file = is(fd); return file ? synced(fd, file) : real_fsync(fd); }
int fdatasync(int fd) { int file = is(fd); return file ? synced(fd, file) : real_fdatasync(fd); }
