/*
 * Shifts the clock of one process (LD_PRELOAD) by the milliseconds in the first eight bytes of the file CHAOS_CLOCK. A
 * change of the file takes effect at once. Waits until a time of day use the kernel's clock, so these times are shifted back.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t none = 0;
static const volatile int64_t *ahead_ms = &none;

__attribute__((constructor)) static void open_clock(void) {
  const char *name = getenv("CHAOS_CLOCK");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) ahead_ms = page;
  close(file);
}

static void shift(struct timespec *at, int64_t ms) {
  int64_t ns = at->tv_nsec + (ms % 1000) * 1000000;
  at->tv_sec += ms / 1000;
  if (ns < 0) {
    ns += 1000000000;
    at->tv_sec -= 1;
  } else if (ns >= 1000000000) {
    ns -= 1000000000;
    at->tv_sec += 1;
  }
  at->tv_nsec = ns;
}

/* Each call goes to the kernel, because the library's own functions are replaced here. */
int clock_gettime(clockid_t clock, struct timespec *at) {
  int failed = syscall(SYS_clock_gettime, clock, at);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(at, *ahead_ms);
  return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

/* A monotonic clock counts from the start of the machine, so its times are decades below times of day. */
static const time_t OLDEST_TIME_OF_DAY = 1000000000;

typedef int timed_wait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static timed_wait *wait;
  /* Its first version has a different layout of conditions. */
  if (!wait) wait = (timed_wait *)dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!wait) wait = (timed_wait *)dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  struct timespec by_kernel = *until;
  if (until->tv_sec > OLDEST_TIME_OF_DAY) shift(&by_kernel, -*ahead_ms);
  return wait(condition, mutex, &by_kernel);
}
