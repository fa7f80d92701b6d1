/* Put before a process by LD_PRELOAD, this disk fails when a file in the folder FAULTS says so:
 * "meta": LMDB's two head pages are not written; "pages": nothing else is; "sync": nothing reaches the disk for sure. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const off_t HEAD_BYTES = 8192;

static int is_told(const char *fault) {
    char path[4096];
    const char *folder = getenv("FAULTS");
    if (!folder || snprintf(path, sizeof path, "%s/%s", folder, fault) >= (int)sizeof path) return 0;
    return access(path, F_OK) == 0;
}

static int fails(off_t at) {
    errno = EIO;
    return is_told(at < HEAD_BYTES ? "meta" : "pages");
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    return fails(at) ? -1 : real(file, bytes, count, at);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return pwrite64(file, bytes, count, at); }

/* Runs of pages are sought and written; nobody else in the process writes so. */
ssize_t writev(int file, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    return fails(HEAD_BYTES) ? -1 : real(file, parts, count);
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    errno = EIO;
    return is_told("sync") ? -1 : real(file);
}
