/* What compiled kernels call, under the names and with the types that Halide's code generator gives them. `user_context` is the
 * `run` of Program.h, or what a parallel loop passed to its task: a worker of the run. */

#ifndef RESNET_RUNTIME_ENTRYPOINTS_H
#define RESNET_RUNTIME_ENTRYPOINTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One dimension of a buffer and a buffer, as HalideRuntime.h lays them out. Launches on a device hand over buffers whose `device`
 * is a whole allocation; the operand's place in it is told by dim[0].min, which is less by the elements before it. */
struct halide_dimension_t {
  int32_t min, extent, stride;
  uint32_t flags;
};
struct halide_buffer_t {
  uint64_t device;
  const struct halide_device_interface_t *device_interface;
  uint8_t *host;
  uint64_t flags;
  uint32_t type; /* code, bits and lanes: a halide_type_t */
  int32_t dimensions;
  struct halide_dimension_t *dim;
  void *padding;
};

typedef int (*resnet_kernel_task)(void *user_context, int index, uint8_t *closure);

/* Calls task for min ... min + size - 1, each once, on the run's threads; inside a task, inline. Returns 0, or the result of the
 * lowest index whose task failed. */
int halide_do_par_for(void *user_context, resnet_kernel_task task, int min, int size, uint8_t *closure);

/* Memory of the worker's planned scratch, aligned to 128 bytes. What does not fit makes the run fail when it ends; the memory is
 * still usable. NULL only if the system has none either. */
void *halide_malloc(void *user_context, size_t bytes);
void halide_free(void *user_context, void *pointer);

/* Assertions of the debug variant; each sets the run's message and returns Halide's code. HalideErrors.c has all of them. */
int halide_error_access_out_of_bounds(void *user_context, const char *func, int dimension, int min_touched, int max_touched,
                                      int min_valid, int max_valid);
int halide_error_out_of_memory(void *user_context);

#ifdef __cplusplus
}
#endif

#endif
