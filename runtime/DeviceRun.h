/* What a context keeps to run on a device, and its runs. Called by the context's functions, on one thread at a time. */

#ifndef RESNET_RUNTIME_DEVICERUN_H
#define RESNET_RUNTIME_DEVICERUN_H

#include "runtime/Internal.h"

struct resnet_device_run {
  void *queue;
  /* The context's own memory: the arena and, for inputs and outputs in the host's memory, a copy of each. */
  resnet_device_memory *allocations;
  int64_t images;             /* that they have room for */
  int64_t provided;           /* the most that were asked for: memory may have sufficed for fewer */
  bool staged;                /* there are copies */
  resnet_device_memory *used; /* of the current run: the same, or the caller's memory */
  void **marks;               /* the beginning of each step of the current call, and the last one's end */
};

/* After a failure resnet_device_run_destroy frees what was made. */
resnet_status resnet_device_run_create(resnet_context *context, resnet_error *error);
void resnet_device_run_destroy(resnet_context *context); /* of a CPU's context: does nothing */

uint64_t resnet_device_arena_bytes(const resnet_context *context);

/* The most images that one call of the program computes. */
int64_t resnet_device_largest_chunk(const resnet_model *model);

/* Memory for a batch, or for as large a part of it as the device has memory for. The context's error says what failed. */
resnet_status resnet_device_provide(resnet_context *context, int64_t batch, bool staged);

/* A run of checked tensors whose data is the host's, or handles of the device's memory. `result` is the kernels'. */
resnet_status resnet_device_run_staged(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs,
                                       int64_t batch, int32_t *result, resnet_error *error);
resnet_status resnet_device_run_in_place(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs,
                                         int64_t batch, int32_t *result, resnet_error *error);

/* The profile's clock: the point in the queue where a step begins. */
void resnet_device_mark_step(resnet_context *context, int32_t index);

#endif
