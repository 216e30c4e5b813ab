/* Models of a given program on a given CPU: what model_create does for the compiled program and this CPU, and tests do for
 * others. */

#ifndef RESNET_RUNTIME_MODEL_H
#define RESNET_RUNTIME_MODEL_H

#ifdef __cplusplus
extern "C" {
#endif

#include "runtime/Program.h"
#include "runtime/include/resnet.h"

#include <stdbool.h>

/* What cpuid and xgetbv say, as far as the psABI levels need it. */
typedef struct resnet_cpu {
  uint32_t leaf1_ecx, leaf7_ebx, extended_ecx;
  uint64_t xcr0; /* register state that the operating system saves; 0 without OSXSAVE */
} resnet_cpu;

resnet_cpu resnet_cpu_detect(void);

/* True if `cpu` has level 1, 2, 3 or 4; else writes the names of what is missing. */
bool resnet_cpu_has_level(const resnet_cpu *cpu, int32_t level, char *missing, size_t missing_size);

/* The number of CPUs that the calling thread may run on, at least 1. */
int32_t resnet_cpu_count(void);

resnet_status resnet_model_create_for(const resnet_program *program, const resnet_cpu *cpu, const resnet_model_options *options,
                                      resnet_model **model, resnet_error *error);

/* What device_info of a library with this program says. */
resnet_status resnet_device_get_info_for(const resnet_program *program, int32_t index, resnet_device_info *info);

#ifdef __cplusplus
}
#endif

#endif
