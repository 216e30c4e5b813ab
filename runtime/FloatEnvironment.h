/* The floating-point environment that every kernel runs in, on whatever thread: round to nearest, denormals kept, exceptions
 * masked. Threads inherit MXCSR from their creator, so a host's FTZ would otherwise change results on some workers only. */

#ifndef RESNET_RUNTIME_FLOATENVIRONMENT_H
#define RESNET_RUNTIME_FLOATENVIRONMENT_H

#if !defined(__x86_64__)
#error "the runtime is written for x86-64"
#endif

#include <xmmintrin.h>

#define RESNET_DEFAULT_MXCSR 0x1F80u

/* Returns the environment to give back to resnet_float_environment_leave. */
static inline unsigned resnet_float_environment_enter(void) {
  unsigned saved = _mm_getcsr();
  _mm_setcsr(RESNET_DEFAULT_MXCSR);
  return saved;
}

static inline void resnet_float_environment_leave(unsigned saved) { _mm_setcsr(saved); }

static inline void resnet_cpu_relax(void) { _mm_pause(); }

#endif
