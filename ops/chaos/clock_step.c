/* Preloaded into a worker, moves its wall clock by what the file named in CHAOS_CLOCK says: nanoseconds, eight bytes, read at every call. Time that only
   passes (CLOCK_MONOTONIC) is left alone, and a wait until a wall time takes as long as it would have: it is moved back before the system sees it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* step;

__attribute__((constructor)) static void open_step(void) {
  const char* name = getenv("CHAOS_CLOCK");
  const int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) step = mapped;
}

static struct timespec moved(struct timespec t, int sign) {
  const int64_t by = step == NULL ? 0 : sign * *step;
  t.tv_sec += by / 1000000000;
  t.tv_nsec += by % 1000000000;
  if (t.tv_nsec < 0) t.tv_sec -= 1, t.tv_nsec += 1000000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec += 1, t.tv_nsec -= 1000000000;
  return t;
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int code = real != NULL ? real(clock, out) : (int)syscall(SYS_clock_gettime, clock, out);
  if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *out = moved(*out, 1);
  return code;
}

int gettimeofday(struct timeval* out, void* zone) {
  (void)zone;
  struct timespec now;
  const int code = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return code;
}

int timespec_get(struct timespec* out, int base) {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  static int (*real)(cnd_t*, mtx_t*, const struct timespec*);
  if (real == NULL) real = (int (*)(cnd_t*, mtx_t*, const struct timespec*))dlsym(RTLD_NEXT, "cnd_timedwait");
  const struct timespec back = moved(*until, -1);
  return real(condition, mutex, &back);
}
