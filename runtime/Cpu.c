/* What the CPU and the operating system support: the x86-64 psABI levels by cpuid and xgetbv (an instruction set counts only if
 * the system saves its registers), and the CPUs that a thread may run on. */

#define _GNU_SOURCE
#include "runtime/Internal.h"

#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAF1_ECX, LEAF7_EBX, EXTENDED_ECX, XCR0 };

/* psABI, "Micro-Architecture Levels". XCR0: 2 xmm, 4 upper ymm, 0xE0 mask registers and zmm. A row of XCR0 wants all of its bits.
 */
static const struct {
  const char *name;
  int32_t level;
  int32_t word;
  uint32_t bits;
} features[] = {
    {"cmpxchg16b", 2, LEAF1_ECX, 1u << 13},
    {"lahf", 2, EXTENDED_ECX, 1u << 0},
    {"popcnt", 2, LEAF1_ECX, 1u << 23},
    {"sse3", 2, LEAF1_ECX, 1u << 0},
    {"ssse3", 2, LEAF1_ECX, 1u << 9},
    {"sse4.1", 2, LEAF1_ECX, 1u << 19},
    {"sse4.2", 2, LEAF1_ECX, 1u << 20},
    {"avx", 3, LEAF1_ECX, 1u << 28},
    {"avx2", 3, LEAF7_EBX, 1u << 5},
    {"bmi1", 3, LEAF7_EBX, 1u << 3},
    {"bmi2", 3, LEAF7_EBX, 1u << 8},
    {"f16c", 3, LEAF1_ECX, 1u << 29},
    {"fma", 3, LEAF1_ECX, 1u << 12},
    {"lzcnt", 3, EXTENDED_ECX, 1u << 5},
    {"movbe", 3, LEAF1_ECX, 1u << 22},
    {"osxsave", 3, LEAF1_ECX, 1u << 27},
    {"the system's support for ymm registers", 3, XCR0, 0x6},
    {"avx512f", 4, LEAF7_EBX, 1u << 16},
    {"avx512bw", 4, LEAF7_EBX, 1u << 30},
    {"avx512cd", 4, LEAF7_EBX, 1u << 28},
    {"avx512dq", 4, LEAF7_EBX, 1u << 17},
    {"avx512vl", 4, LEAF7_EBX, 1u << 31},
    {"the system's support for zmm registers", 4, XCR0, 0xE6},
};

resnet_cpu resnet_cpu_detect(void) {
  resnet_cpu cpu = {0};
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx))
    cpu.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
    cpu.leaf7_ebx = ebx;
  if (__get_cpuid(0x80000001u, &eax, &ebx, &ecx, &edx))
    cpu.extended_ecx = ecx;
  if (cpu.leaf1_ecx & (1u << 27)) { /* OSXSAVE: without it xgetbv is an invalid instruction */
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    cpu.xcr0 = ((uint64_t)high << 32) | low;
  }
  return cpu;
}

bool resnet_cpu_has_level(const resnet_cpu *cpu, int32_t level, char *missing, size_t missing_size) {
  const uint64_t words[] = {cpu->leaf1_ecx, cpu->leaf7_ebx, cpu->extended_ecx, cpu->xcr0};
  bool complete = true;
  size_t used = 0;
  for (size_t i = 0; i < sizeof features / sizeof *features; ++i) {
    if (features[i].level > level || (words[features[i].word] & features[i].bits) == features[i].bits)
      continue;
    if (used < missing_size) {
      int written = snprintf(missing + used, missing_size - used, "%s%s", complete ? "" : ", ", features[i].name);
      used += (size_t)written;
    }
    complete = false;
  }
  return complete;
}

/* The calling thread's affinity, however many CPUs the kernel is built for; NULL if it cannot be had. Free with CPU_FREE. */
static cpu_set_t *current_affinity(size_t *bytes) {
  for (int capacity = 1024; capacity <= 1 << 20; capacity *= 2) {
    cpu_set_t *set = CPU_ALLOC(capacity);
    if (!set)
      return NULL;
    *bytes = CPU_ALLOC_SIZE(capacity);
    CPU_ZERO_S(*bytes, set);
    if (sched_getaffinity(0, *bytes, set) == 0)
      return set;
    CPU_FREE(set);
    if (errno != EINVAL)
      return NULL;
  }
  return NULL;
}

int32_t resnet_cpu_count(void) {
  size_t bytes;
  cpu_set_t *set = current_affinity(&bytes);
  if (!set)
    return 1;
  int count = CPU_COUNT_S(bytes, set);
  CPU_FREE(set);
  return count < 1 ? 1 : count > RESNET_MAX_THREADS ? RESNET_MAX_THREADS : count;
}

int resnet_cpu_pin(pthread_t thread, int32_t index) {
  size_t bytes;
  cpu_set_t *set = current_affinity(&bytes);
  if (!set)
    return ENOSYS;
  int32_t remaining = index % CPU_COUNT_S(bytes, set);
  size_t cpu = 0;
  for (;; ++cpu)
    if (CPU_ISSET_S(cpu, bytes, set) && remaining-- == 0)
      break;
  CPU_ZERO_S(bytes, set);
  CPU_SET_S(cpu, bytes, set);
  int result = pthread_setaffinity_np(thread, bytes, set);
  CPU_FREE(set);
  return result;
}
