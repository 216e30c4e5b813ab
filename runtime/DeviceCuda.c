/* NVIDIA's devices by the driver's own interface: libcuda is opened when a device is first asked for and stays open. Also the
 * parts of Halide's CUDA runtime that are ours to say: which context and stream a kernel runs on, and where functions are.
 *
 * Types and functions are those of NVIDIA's cuda.h (CUDA Driver API), which building does not need; names with _v2 are what its
 * macros stand for. A model uses its device's primary context, which the CUDA runtime and PyTorch use too. */

#include "runtime/Device.h"
#include "runtime/DriverLibrary.h"
#include "runtime/EntryPoints.h"
#include "runtime/Internal.h"

#include <stdlib.h>
#include <string.h>

typedef int CUresult;
typedef int CUdevice;
typedef uint64_t CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;

enum { CUDA_SUCCESS = 0, CUDA_ERROR_OUT_OF_MEMORY = 2, CU_STREAM_NON_BLOCKING = 1, CU_EVENT_DEFAULT = 0 };

/* The driver's functions that are called here, with their parameters. */
#define FUNCTIONS(X)                                                                                                             \
  X(cuInit, (unsigned flags))                                                                                                    \
  X(cuGetErrorName, (CUresult code, const char **name))                                                                          \
  X(cuGetErrorString, (CUresult code, const char **text))                                                                        \
  X(cuDeviceGetCount, (int *count))                                                                                              \
  X(cuDeviceGet, (CUdevice * device, int index))                                                                                 \
  X(cuDeviceGetName, (char *name, int size, CUdevice device))                                                                    \
  X(cuDeviceTotalMem_v2, (size_t *bytes, CUdevice device))                                                                       \
  X(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                                                            \
  X(cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                                                             \
  X(cuCtxPushCurrent_v2, (CUcontext context))                                                                                    \
  X(cuCtxPopCurrent_v2, (CUcontext * context))                                                                                   \
  X(cuStreamCreate, (CUstream * stream, unsigned flags))                                                                         \
  X(cuStreamDestroy_v2, (CUstream stream))                                                                                       \
  X(cuStreamSynchronize, (CUstream stream))                                                                                      \
  X(cuMemAlloc_v2, (CUdeviceptr * memory, size_t bytes))                                                                         \
  X(cuMemFree_v2, (CUdeviceptr memory))                                                                                          \
  X(cuMemGetAddressRange_v2, (CUdeviceptr * base, size_t *size, CUdeviceptr memory))                                             \
  X(cuMemcpyHtoDAsync_v2, (CUdeviceptr to, const void *from, size_t bytes, CUstream stream))                                     \
  X(cuMemcpyDtoHAsync_v2, (void *to, CUdeviceptr from, size_t bytes, CUstream stream))                                           \
  X(cuEventCreate, (CUevent * event, unsigned flags))                                                                            \
  X(cuEventRecord, (CUevent event, CUstream stream))                                                                             \
  X(cuEventElapsedTime, (float *milliseconds, CUevent from, CUevent to))                                                         \
  X(cuEventDestroy_v2, (CUevent event))

#define DECLARE(name, parameters) static CUresult(*p_##name) parameters;
FUNCTIONS(DECLARE)

static void *library;
static char library_error[256];

static const char *error_name(CUresult code) {
  const char *name = NULL;
  return p_cuGetErrorName && p_cuGetErrorName(code, &name) == CUDA_SUCCESS && name ? name : "an unknown error";
}

static void load_library(void) {
  library = resnet_open_driver("libcuda.so.1", "libcuda.so", library_error, sizeof library_error);
  if (!library)
    return;
#define LOOK_UP(name, parameters)                                                                                                \
  if (!(p_##name = (CUresult(*) parameters)dlsym(library, #name)) && !library_error[0])                                          \
    snprintf(library_error, sizeof library_error, "libcuda has no %s", #name);
  FUNCTIONS(LOOK_UP)
  if (library_error[0])
    return;
  CUresult code = p_cuInit(0);
  if (code != CUDA_SUCCESS)
    snprintf(library_error, sizeof library_error, "CUDA: cuInit returned %d (%.100s)", code, error_name(code));
}

static resnet_status load(resnet_error *error) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_library);
  if (!library_error[0])
    return RESNET_OK;
  resnet_set_error(error, "%s", library_error);
  return RESNET_NO_DEVICE;
}

/* A driver's failure as a status. */
static resnet_status check(CUresult code, const char *function, resnet_error *error) {
  if (code == CUDA_SUCCESS)
    return RESNET_OK;
  const char *text = NULL;
  if (p_cuGetErrorString(code, &text) != CUDA_SUCCESS || !text)
    text = "";
  resnet_set_error(error, "CUDA: %s returned %d (%.80s: %.200s)", function, code, error_name(code), text);
  return code == CUDA_ERROR_OUT_OF_MEMORY ? RESNET_OUT_OF_MEMORY : RESNET_ERROR;
}

static resnet_status count_devices(int32_t *count, resnet_error *error) {
  int found = 0;
  *count = 0;
  resnet_status status = load(error);
  if (status == RESNET_OK)
    status = check(p_cuDeviceGetCount(&found), "cuDeviceGetCount", error);
  *count = found;
  return status;
}

static resnet_status find(int32_t index, CUdevice *device, resnet_error *error) {
  resnet_status status = load(error);
  return status == RESNET_OK ? check(p_cuDeviceGet(device, index), "cuDeviceGet", error) : status;
}

static resnet_status describe(int32_t index, resnet_device_description *description, resnet_error *error) {
  CUdevice device;
  resnet_status status = find(index, &device, error);
  if (status != RESNET_OK)
    return status;
  memset(description, 0, sizeof *description);
  size_t bytes = 0;
  status = check(p_cuDeviceGetName(description->name, sizeof description->name, device), "cuDeviceGetName", error);
  if (status == RESNET_OK)
    status = check(p_cuDeviceTotalMem_v2(&bytes, device), "cuDeviceTotalMem", error);
  description->memory_bytes = description->largest_allocation = bytes;
  return status;
}

//===-- Devices and queues ------------------------------------------------===//

typedef struct cuda_device {
  CUdevice device;
  CUcontext context;
  atomic_bool launched; /* Halide's runtime has looked its functions up, and may hold modules */
} cuda_device;

typedef struct cuda_queue {
  cuda_device *device;
  CUstream stream;
} cuda_queue;

/* Calls of the driver are about the thread's current context: ours during a call, the host's before and after. */
static resnet_status enter(const cuda_device *device, resnet_error *error) {
  return check(p_cuCtxPushCurrent_v2(device->context), "cuCtxPushCurrent", error);
}

static resnet_status leave(CUresult code, const char *function, resnet_error *error) {
  CUcontext ours;
  (void)p_cuCtxPopCurrent_v2(&ours);
  return check(code, function, error);
}

static resnet_status queue_create(void *device, void **queue, resnet_error *error) {
  cuda_queue *made = calloc(1, sizeof *made);
  if (!made) {
    resnet_set_error(error, "out of memory for a queue");
    return RESNET_OUT_OF_MEMORY;
  }
  made->device = device;
  resnet_status status = enter(made->device, error);
  if (status == RESNET_OK)
    status = leave(p_cuStreamCreate(&made->stream, CU_STREAM_NON_BLOCKING), "cuStreamCreate", error);
  if (status != RESNET_OK)
    free(made);
  else
    *queue = made;
  return status;
}

static void queue_destroy(void *queue) {
  cuda_queue *q = queue;
  if (enter(q->device, NULL) == RESNET_OK) {
    (void)p_cuStreamSynchronize(q->stream);
    (void)leave(p_cuStreamDestroy_v2(q->stream), "cuStreamDestroy", NULL);
  }
  free(q);
}

static resnet_status finish(void *queue, resnet_error *error) {
  cuda_queue *q = queue;
  resnet_status status = enter(q->device, error);
  return status == RESNET_OK ? leave(p_cuStreamSynchronize(q->stream), "cuStreamSynchronize", error) : status;
}

static resnet_status open_device(int32_t index, void **device, resnet_error *error) {
  cuda_device *made = calloc(1, sizeof *made);
  if (!made) {
    resnet_set_error(error, "out of memory for a device");
    return RESNET_OUT_OF_MEMORY;
  }
  resnet_status status = find(index, &made->device, error);
  if (status == RESNET_OK)
    status = check(p_cuDevicePrimaryCtxRetain(&made->context, made->device), "cuDevicePrimaryCtxRetain", error);
  if (status != RESNET_OK)
    free(made);
  else
    *device = made;
  return status;
}

/* Of Halide's runtime: unloads the modules that it made in the context of the user context. */
int halide_cuda_device_release(void *user_context);

static void drop_modules(void *user_context) { (void)halide_cuda_device_release(user_context); }

static void close_device(void *device) {
  cuda_device *d = device;
  cuda_queue queue = {.device = d};
  if (atomic_load(&d->launched))
    resnet_call_with_queue(&queue, drop_modules);
  (void)p_cuDevicePrimaryCtxRelease_v2(d->device);
  free(d);
}

static void native(void *device, void **native_context, void **native_device) {
  *native_context = ((cuda_device *)device)->context;
  *native_device = (void *)(intptr_t)((cuda_device *)device)->device;
}

//===-- Memory ------------------------------------------------------------===//

/* To Halide a buffer's device is the pointer itself. */
static void set(resnet_device_memory *memory, CUdeviceptr pointer, uint64_t bytes) {
  *memory = (resnet_device_memory){.handle = pointer, .native = (void *)(uintptr_t)pointer, .bytes = bytes};
}

static void unwrap(resnet_device_memory *memory) { memset(memory, 0, sizeof *memory); }

static void release(void *device, resnet_device_memory *memory) {
  if (memory->handle && enter(device, NULL) == RESNET_OK)
    (void)leave(p_cuMemFree_v2(memory->handle), "cuMemFree", NULL);
  unwrap(memory);
}

static resnet_status allocate(void *queue, uint64_t bytes, resnet_device_memory *memory, resnet_error *error) {
  const cuda_queue *q = queue;
  CUdeviceptr pointer = 0;
  memset(memory, 0, sizeof *memory);
  resnet_status status = enter(q->device, error);
  if (status == RESNET_OK)
    status = leave(p_cuMemAlloc_v2(&pointer, bytes), "cuMemAlloc", error);
  if (status == RESNET_OK)
    set(memory, pointer, bytes);
  return status;
}

static resnet_status wrap(void *queue, void *native_memory, uint64_t bytes, resnet_device_memory *memory, resnet_error *error) {
  const cuda_queue *q = queue;
  CUdeviceptr pointer = (CUdeviceptr)(uintptr_t)native_memory, base = 0;
  size_t size = 0;
  resnet_status status = enter(q->device, error);
  if (status != RESNET_OK)
    return status;
  if (leave(p_cuMemGetAddressRange_v2(&base, &size, pointer), "cuMemGetAddressRange", NULL) != RESNET_OK) {
    resnet_set_error(error, "expected memory of the model's device, found address %p", native_memory);
    return RESNET_INVALID_ARGUMENT;
  }
  if (bytes > size - (pointer - base)) {
    resnet_set_error(error, "expected %llu bytes of device memory at %p, found %llu", (unsigned long long)bytes, native_memory,
                     (unsigned long long)(size - (pointer - base)));
    return RESNET_INVALID_ARGUMENT;
  }
  set(memory, pointer, bytes);
  return RESNET_OK;
}

static resnet_status upload(void *queue, const resnet_device_memory *to, const void *from, uint64_t bytes, resnet_error *error) {
  const cuda_queue *q = queue;
  resnet_status status = enter(q->device, error);
  return status == RESNET_OK ? leave(p_cuMemcpyHtoDAsync_v2(to->handle, from, bytes, q->stream), "cuMemcpyHtoDAsync", error)
                             : status;
}

static resnet_status download(void *queue, void *to, const resnet_device_memory *from, uint64_t bytes, resnet_error *error) {
  const cuda_queue *q = queue;
  resnet_status status = enter(q->device, error);
  return status == RESNET_OK ? leave(p_cuMemcpyDtoHAsync_v2(to, from->handle, bytes, q->stream), "cuMemcpyDtoHAsync", error)
                             : status;
}

//===-- Time --------------------------------------------------------------===//

static void *mark(void *queue) {
  const cuda_queue *q = queue;
  CUevent event = NULL;
  if (enter(q->device, NULL) != RESNET_OK)
    return NULL;
  CUresult code = p_cuEventCreate(&event, CU_EVENT_DEFAULT);
  if (code == CUDA_SUCCESS && (code = p_cuEventRecord(event, q->stream)) != CUDA_SUCCESS)
    (void)p_cuEventDestroy_v2(event);
  return leave(code, "cuEventRecord", NULL) == RESNET_OK ? event : NULL;
}

static uint64_t elapsed_ns(void *queue, void *from, void *to) {
  const cuda_queue *q = queue;
  float milliseconds = 0;
  if (enter(q->device, NULL) != RESNET_OK ||
      leave(p_cuEventElapsedTime(&milliseconds, from, to), "cuEventElapsedTime", NULL) != RESNET_OK)
    return 0;
  return milliseconds > 0 ? (uint64_t)((double)milliseconds * 1e6) : 0;
}

static void unmark(void *queue, void *marked) {
  const cuda_queue *q = queue;
  if (marked && enter(q->device, NULL) == RESNET_OK)
    (void)leave(p_cuEventDestroy_v2(marked), "cuEventDestroy", NULL);
}

/* Of Halide's runtime. */
const struct halide_device_interface_t *halide_cuda_device_interface(void);

const resnet_device_api resnet_device_cuda = {.name = "cuda",
                                              .count = count_devices,
                                              .describe = describe,
                                              .open = open_device,
                                              .close = close_device,
                                              .native = native,
                                              .queue_create = queue_create,
                                              .queue_destroy = queue_destroy,
                                              .finish = finish,
                                              .allocate = allocate,
                                              .release = release,
                                              .wrap = wrap,
                                              .unwrap = unwrap,
                                              .upload = upload,
                                              .download = download,
                                              .mark = mark,
                                              .elapsed_ns = elapsed_ns,
                                              .unmark = unmark,
                                              .interface = halide_cuda_device_interface};

//===-- What Halide's runtime asks for ------------------------------------===//

/* A NULL user context is Halide's own clean-up when the library is unloaded: by then there is nothing to clean. */
int halide_cuda_acquire_context(void *user_context, CUcontext *context, bool create) {
  (void)create;
  const cuda_queue *q = resnet_run_queue(user_context);
  if (q)
    atomic_store_explicit(&q->device->launched, true, memory_order_relaxed);
  *context = q ? q->device->context : NULL;
  return 0;
}

int halide_cuda_release_context(void *user_context) {
  (void)user_context;
  return 0;
}

int halide_cuda_get_stream(void *user_context, CUcontext context, CUstream *stream) {
  (void)context;
  const cuda_queue *q = resnet_run_queue(user_context);
  *stream = q ? q->stream : NULL;
  return 0;
}

void *halide_cuda_get_symbol(void *user_context, const char *name) {
  (void)user_context;
  return library ? dlsym(library, name) : NULL;
}
