/*
 * Notes every write to the file of the embedded store that is not synced yet, so that it can be dropped after the server was
 * killed, as a machine that loses its power drops it. scripts/kill loads this into the server with LD_PRELOAD.
 *
 * Before a write, the bytes that it overwrites and the new ones go to a journal. A sync empties the journal. What the journal holds
 * when the server is dead was never synced, and rollback.mjs takes it back. The journal itself needs no sync: the machine goes on.
 *
 * Only the content and the length of files named sessions.* are covered, not their names. A call of write, pwritev64 or fallocate64
 * for such a file, or a shared writable mmap64 of it, ends the server; other ways past the journal are not noticed.
 *
 *   UNSYNCED_JOURNAL       where the journal is
 *   UNSYNCED_NEVER_SYNC    if set, syncs do nothing and say that they have succeeded: the planted fault
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A record begins with this, in the byte order of the machine, followed by the bytes before and the bytes after. */
struct record {
  uint64_t offset;
  uint64_t length_of_file; /* before the change */
  uint64_t is_resize;      /* then offset is the new length */
  uint64_t bytes_before;
  uint64_t bytes_after;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;

static void die(const char *why) {
  fprintf(stderr, "unsynced.so: %s: %s\n", why, strerror(errno));
  abort();
}

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (function == NULL) die(name);
  return function;
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  static ssize_t (*function)(int, const void *, size_t, off_t);
  if (function == NULL) function = next("pwrite64");
  return function(fd, bytes, count, offset);
}

static int is_store(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  return name != NULL && strncmp(name + 1, "sessions.", strlen("sessions.")) == 0;
}

static uint64_t length_of(int fd) {
  struct stat found;
  if (fstat(fd, &found) != 0) die("fstat");
  return (uint64_t)found.st_size;
}

static void *read_range(int fd, uint64_t offset, uint64_t count) {
  char *bytes = malloc(count > 0 ? count : 1);
  if (bytes == NULL) die("malloc");
  for (uint64_t done = 0; done < count;) {
    ssize_t got = pread(fd, bytes + done, count - done, (off_t)(offset + done));
    if (got <= 0) die("pread");
    done += (uint64_t)got;
  }
  return bytes;
}

/* A kill can cut off the last record. Then the change that it announces has not begun. */
static void append(const struct record *record, const void *before, const void *after) {
  if (journal < 0) {
    const char *path = getenv("UNSYNCED_JOURNAL");
    if (path == NULL) die("UNSYNCED_JOURNAL is not set");
    journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) die("open the journal");
  }
  struct iovec parts[] = {
      {(void *)record, sizeof *record}, {(void *)before, record->bytes_before}, {(void *)after, record->bytes_after}};
  size_t all = sizeof *record + record->bytes_before + record->bytes_after;
  if (writev(journal, parts, 3) != (ssize_t)all) die("write the journal");
}

static void note_write(int fd, const void *bytes, uint64_t count, uint64_t offset) {
  uint64_t length = length_of(fd);
  uint64_t known = offset >= length ? 0 : (length - offset < count ? length - offset : count);
  void *before = read_range(fd, offset, known);
  struct record record = {offset, length, 0, known, count};
  append(&record, before, bytes);
  free(before);
}

static void note_resize(int fd, uint64_t new_length) {
  uint64_t length = length_of(fd);
  uint64_t cut = length > new_length ? length - new_length : 0;
  void *before = read_range(fd, new_length, cut);
  struct record record = {new_length, length, 1, cut, 0};
  append(&record, before, NULL);
  free(before);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
  if (!is_store(fd)) return real_pwrite(fd, bytes, count, offset);
  pthread_mutex_lock(&lock);
  note_write(fd, bytes, count, (uint64_t)offset);
  ssize_t written = real_pwrite(fd, bytes, count, offset);
  pthread_mutex_unlock(&lock);
  return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

int ftruncate64(int fd, off_t length) {
  static int (*function)(int, off_t);
  if (function == NULL) function = next("ftruncate64");
  if (!is_store(fd)) return function(fd, length);
  pthread_mutex_lock(&lock);
  note_resize(fd, (uint64_t)length);
  int result = function(fd, length);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int sync_with(const char *name, int fd) {
  int (*function)(int) = next(name);
  if (!is_store(fd)) return function(fd);
  if (getenv("UNSYNCED_NEVER_SYNC") != NULL) return 0;
  pthread_mutex_lock(&lock);
  int result = function(fd);
  int (*empty)(int, off_t) = next("ftruncate64");
  if (result == 0 && journal >= 0 && empty(journal, 0) != 0) die("empty the journal");
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }

int fdatasync(int fd) { return sync_with("fdatasync", fd); }

/* The ways to change a file that the journal does not know. */
#define NOT_NOTED(fd, name) \
  if (is_store(fd)) { \
    errno = ENOTSUP; \
    die("the store is changed with " name ", which the journal does not know"); \
  }

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*function)(int, const void *, size_t);
  if (function == NULL) function = next("write");
  NOT_NOTED(fd, "write")
  return function(fd, bytes, count);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
  ssize_t (*function)(int, const struct iovec *, int, off_t) = next("pwritev64");
  NOT_NOTED(fd, "pwritev64")
  return function(fd, parts, count, offset);
}

int fallocate64(int fd, int mode, off_t offset, off_t length) {
  int (*function)(int, int, off_t, off_t) = next("fallocate64");
  NOT_NOTED(fd, "fallocate64")
  return function(fd, mode, offset, length);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
  static void *(*function)(void *, size_t, int, int, int, off_t);
  if (function == NULL) function = next("mmap64");
  if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE)) {
    NOT_NOTED(fd, "mmap64")
  }
  return function(address, length, protection, flags, fd, offset);
}
