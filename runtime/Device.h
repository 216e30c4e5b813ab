/* A kind of devices, as the runtime reaches it: one table of functions for each driver interface. A table lies in an object of
 * its own (DeviceOpenCL.c, DeviceCuda.c), which is linked into libraries with code for it, beside the kernels' own runtime.
 *
 * Errors: a function that can fail returns a status and writes one line to `error`, which may be NULL; the driver's own words and
 * code are part of it. Threads: functions may be called from any thread; those of one queue from one at a time. */

#ifndef RESNET_RUNTIME_DEVICE_H
#define RESNET_RUNTIME_DEVICE_H

#ifdef __cplusplus
extern "C" {
#endif

#include "runtime/Program.h"
#include "runtime/include/resnet.h"

#include <stdbool.h>

struct halide_device_interface_t;

typedef struct resnet_device_description {
  char name[128];
  bool is_cpu; /* the driver runs kernels on the host's own processor */
  uint64_t memory_bytes, largest_allocation;
} resnet_device_description;

typedef struct resnet_device_memory {
  uint64_t handle; /* what a halide_buffer_t holds in `device` */
  void *native;    /* cl_mem; CUdeviceptr */
  uint64_t bytes;
} resnet_device_memory;

struct resnet_device_api {
  const char *name; /* the target's: "opencl", "cuda" */

  /* The devices there are; opens the driver when first called. RESNET_NO_DEVICE: no driver, or none that works. */
  resnet_status (*count)(int32_t *count, resnet_error *error);
  resnet_status (*describe)(int32_t index, resnet_device_description *description, resnet_error *error);

  /* A device, from which queues are made. close: after its queues; also drops the code that kernels left with the driver. */
  resnet_status (*open)(int32_t index, void **device, resnet_error *error);
  void (*close)(void *device);
  /* The driver's own handles of it: cl_context and cl_device_id; CUcontext and CUdevice. */
  void (*native)(void *device, void **native_context, void **native_device);

  /* A queue executes in order what is put into it. destroy waits for it. */
  resnet_status (*queue_create)(void *device, void **queue, resnet_error *error);
  void (*queue_destroy)(void *queue);
  resnet_status (*finish)(void *queue, resnet_error *error);

  /* Memory that is really there when this returns; RESNET_OUT_OF_MEMORY where it is not. */
  resnet_status (*allocate)(void *queue, uint64_t bytes, resnet_device_memory *memory, resnet_error *error);
  void (*release)(void *device, resnet_device_memory *memory); /* after the work that uses it; a zeroed one does nothing */
  /* The caller's memory, of at least `bytes`: RESNET_INVALID_ARGUMENT where it is no memory of this device or less. */
  resnet_status (*wrap)(void *queue, void *native, uint64_t bytes, resnet_device_memory *memory, resnet_error *error);
  void (*unwrap)(resnet_device_memory *memory);

  /* Put a copy into the queue. The host's memory is in use until the queue is finished. */
  resnet_status (*upload)(void *queue, const resnet_device_memory *to, const void *from, uint64_t bytes, resnet_error *error);
  resnet_status (*download)(void *queue, void *to, const resnet_device_memory *from, uint64_t bytes, resnet_error *error);

  /* A point in the queue whose time the device tells once it is finished. NULL where that fails. */
  void *(*mark)(void *queue);
  uint64_t (*elapsed_ns)(void *queue, void *from, void *to);
  void (*unmark)(void *queue, void *mark); /* NULL does nothing */

  const struct halide_device_interface_t *(*interface)(void);
};

/* The queue of the run that a kernel was launched from: what the tables' overrides of the kernels' runtime ask for. NULL for a
 * NULL user context. */
void *resnet_run_queue(void *user_context);

/* Calls `drop` with a user context whose queue is `queue`, outside of a run. */
void resnet_call_with_queue(void *queue, void (*drop)(void *user_context));

extern const resnet_device_api resnet_device_opencl, resnet_device_cuda;

#ifdef __cplusplus
}
#endif

#endif
