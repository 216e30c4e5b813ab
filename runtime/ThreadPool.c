/* A context's own threads. Between loops they spin for a moment, so that the next layer finds them awake, then sleep on a futex.
 * A thread that waits longer than the usual gap yields its CPU each time it looks, so that it is not in the way of one that
 * works: another context's, or its own context's where threads outnumber CPUs. (Two processes of two threads on two CPUs, loops
 * of 16 iterations of 2 us: 59 us a loop without that, 47 us with it; two processes of one thread need 51 us.)
 *
 * The caller opens a loop by making `generation` odd and closes it by making it even. A worker that sees an odd one announces
 * itself in its own `active` word and looks again: still the same, and it may take shares until the caller, which waits for
 * announced workers after closing, knows that it has gone. A worker that was late (asleep, descheduled) finds the loop closed and
 * is never waited for: the others have done its share. All orderings on these two words are sequentially consistent, which the
 * handshake needs. */

#define _GNU_SOURCE
#include "runtime/FloatEnvironment.h"
#include "runtime/Internal.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Longer than any gap between the kernels of a run; a thread that waits longer is between runs. */
#define SPIN_NS 200000u
/* Looks before the first yield: 1 to 5 us, what the caller needs from one loop to the next. */
#define SPINS_BEFORE_YIELD 128
#define STACK_BYTES (2u << 20)

static void futex_wait(atomic_uint *word, unsigned expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0); /* returns on any reason: the caller looks again */
}

static void futex_wake_all(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

static unsigned wait_for_change(resnet_pool *pool, unsigned seen) {
  uint64_t begin = 0;
  for (unsigned spins = 0;; ++spins) {
    unsigned now = atomic_load(&pool->generation);
    if (now != seen)
      return now;
    if (spins < SPINS_BEFORE_YIELD) {
      resnet_cpu_relax();
      continue;
    }
    uint64_t time = resnet_now_ns();
    if (begin == 0)
      begin = time;
    else if (time - begin > SPIN_NS)
      break;
    sched_yield();
  }
  atomic_fetch_add(&pool->sleepers, 1);
  unsigned now;
  while ((now = atomic_load(&pool->generation)) == seen)
    futex_wait(&pool->generation, seen);
  atomic_fetch_sub(&pool->sleepers, 1);
  return now;
}

static void *worker_main(void *argument) {
  resnet_worker *worker = argument;
  resnet_pool *pool = &worker->context->pool;
  resnet_float_environment_enter();
  for (unsigned seen = 0;;) {
    seen = wait_for_change(pool, seen);
    if (atomic_load(&pool->stop))
      return NULL;
    if (seen % 2 == 0)
      continue;
    atomic_store(&worker->active, seen);
    if (atomic_load(&pool->generation) == seen)
      resnet_run_share(worker);
    atomic_store(&worker->active, 0);
  }
}

void resnet_pool_run(resnet_context *context) {
  resnet_pool *pool = &context->pool;
  unsigned open = atomic_load_explicit(&pool->generation, memory_order_relaxed) + 1;
  atomic_store(&pool->generation, open);
  if (atomic_load(&pool->sleepers) > 0)
    futex_wake_all(&pool->generation);
  resnet_run_share(&context->workers[0]);
  atomic_store(&pool->generation, open + 1);
  for (int32_t i = 1; i <= pool->num_threads; ++i)
    for (unsigned spins = 0; atomic_load(&context->workers[i].active) == open; ++spins) {
      if (spins < SPINS_BEFORE_YIELD)
        resnet_cpu_relax();
      else
        sched_yield();
    }
}

static int start_thread(pthread_t *thread, resnet_worker *worker) {
  pthread_attr_t attributes;
  int result = pthread_attr_init(&attributes);
  if (result != 0)
    return result;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  /* The host's signal handlers must not run on our threads: a new thread inherits this mask. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  result = pthread_create(thread, &attributes, worker_main, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return result;
}

resnet_status resnet_pool_start(resnet_context *context, bool pin, resnet_error *error) {
  resnet_pool *pool = &context->pool;
  int32_t count = context->num_workers - 1;
  pool->threads = calloc((size_t)count, sizeof *pool->threads);
  if (!pool->threads) {
    resnet_set_error(error, "out of memory for %d threads", (int)count);
    return RESNET_OUT_OF_MEMORY;
  }
  for (int32_t i = 0; i < count; ++i) {
    const char *action = "create";
    int result = start_thread(&pool->threads[i], &context->workers[i + 1]);
    if (result == 0) {
      pool->num_threads = i + 1;
      char name[24]; /* at most 16 are used: num_threads has a limit */
      snprintf(name, sizeof name, "resnet-%d", (int)i + 1);
      pthread_setname_np(pool->threads[i], name);
      if (pin) {
        action = "pin";
        result = resnet_cpu_pin(pool->threads[i], i + 1);
      }
    }
    if (result != 0) {
      char reason[128] = "";
      resnet_set_error(error, "cannot %s thread %d of %d: %s", action, (int)i + 1, (int)count,
                       strerror_r(result, reason, sizeof reason));
      resnet_pool_stop(pool);
      return RESNET_SYSTEM_ERROR;
    }
  }
  return RESNET_OK;
}

void resnet_pool_stop(resnet_pool *pool) {
  atomic_store(&pool->stop, true);
  atomic_fetch_add(&pool->generation, 2);
  futex_wake_all(&pool->generation);
  for (int32_t i = 0; i < pool->num_threads; ++i)
    pthread_join(pool->threads[i], NULL);
  pool->num_threads = 0;
}
