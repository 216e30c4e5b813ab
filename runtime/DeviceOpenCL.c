/* OpenCL devices: libOpenCL is opened when a device is first asked for and stays open, as drivers do not like to be unloaded.
 * Also the parts of Halide's OpenCL runtime that are ours to say: which context and queue a kernel runs on, and where functions
 * are. */

#define CL_TARGET_OPENCL_VERSION 120
#include "runtime/Device.h"
#include "runtime/DriverLibrary.h"
#include "runtime/EntryPoints.h"
#include "runtime/Internal.h"

#include <CL/cl.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PLATFORMS 16
#define MAX_DEVICES 64

/* The driver's functions that are called here. */
#define FUNCTIONS(X)                                                                                                             \
  X(clGetPlatformIDs)                                                                                                            \
  X(clGetDeviceIDs)                                                                                                              \
  X(clGetDeviceInfo)                                                                                                             \
  X(clCreateContext)                                                                                                             \
  X(clReleaseContext)                                                                                                            \
  X(clCreateCommandQueue)                                                                                                        \
  X(clReleaseCommandQueue)                                                                                                       \
  X(clFinish)                                                                                                                    \
  X(clCreateBuffer)                                                                                                              \
  X(clReleaseMemObject)                                                                                                          \
  X(clGetMemObjectInfo)                                                                                                          \
  X(clEnqueueWriteBuffer)                                                                                                        \
  X(clEnqueueReadBuffer)                                                                                                         \
  X(clEnqueueMarkerWithWaitList)                                                                                                 \
  X(clGetEventProfilingInfo)                                                                                                     \
  X(clReleaseEvent)

#define DECLARE(name) static __typeof__(&name) p_##name;
FUNCTIONS(DECLARE)

static void *library;
static char library_error[256];

static void load_library(void) {
  library = resnet_open_driver("libOpenCL.so.1", "libOpenCL.so", library_error, sizeof library_error);
  if (!library)
    return;
#define LOOK_UP(name)                                                                                                            \
  if (!(p_##name = (__typeof__(p_##name))dlsym(library, #name)) && !library_error[0])                                            \
    snprintf(library_error, sizeof library_error, "libOpenCL has no %s", #name);
  FUNCTIONS(LOOK_UP)
}

static resnet_status load(resnet_error *error) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_library);
  if (!library_error[0])
    return RESNET_OK;
  resnet_set_error(error, "%s", library_error);
  return RESNET_NO_DEVICE;
}

static bool is_out_of_memory(cl_int code) {
  return code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY ||
         code == CL_INVALID_BUFFER_SIZE;
}

/* A driver's failure as a status. */
static resnet_status check(cl_int code, const char *function, resnet_error *error) {
  if (code == CL_SUCCESS)
    return RESNET_OK;
  resnet_set_error(error, "OpenCL: %s returned %d", function, (int)code);
  return is_out_of_memory(code) ? RESNET_OUT_OF_MEMORY : RESNET_ERROR;
}

/* All devices of all platforms, in the driver's order. */
static resnet_status list(cl_device_id *devices, int32_t *count, resnet_error *error) {
  *count = 0;
  resnet_status status = load(error);
  if (status != RESNET_OK)
    return status;
  cl_platform_id platforms[MAX_PLATFORMS];
  cl_uint num_platforms = 0;
  if (p_clGetPlatformIDs(MAX_PLATFORMS, platforms, &num_platforms) != CL_SUCCESS || num_platforms == 0) {
    resnet_set_error(error, "OpenCL finds no platform: no driver is installed for it");
    return RESNET_NO_DEVICE;
  }
  for (cl_uint i = 0; i < num_platforms && i < MAX_PLATFORMS; ++i) {
    cl_uint more = 0, room = (cl_uint)(MAX_DEVICES - *count);
    if (room && p_clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, room, devices + *count, &more) == CL_SUCCESS)
      *count += (int32_t)(more < room ? more : room);
  }
  return RESNET_OK;
}

static resnet_status count_devices(int32_t *count, resnet_error *error) {
  cl_device_id devices[MAX_DEVICES];
  return list(devices, count, error);
}

static resnet_status find(int32_t index, cl_device_id *device, resnet_error *error) {
  cl_device_id devices[MAX_DEVICES];
  int32_t count;
  resnet_status status = list(devices, &count, error);
  if (status != RESNET_OK)
    return status;
  if (index < 0 || index >= count) {
    resnet_set_error(error, "OpenCL has %d devices, none with index %d", (int)count, (int)index);
    return RESNET_NO_DEVICE;
  }
  *device = devices[index];
  return RESNET_OK;
}

static resnet_status describe(int32_t index, resnet_device_description *description, resnet_error *error) {
  cl_device_id device;
  resnet_status status = find(index, &device, error);
  if (status != RESNET_OK)
    return status;
  memset(description, 0, sizeof *description);
  cl_device_type type = 0;
  cl_ulong memory = 0, allocation = 0;
  char name[1024] = "";
  cl_int code = p_clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof name, name, NULL);
  if (code == CL_SUCCESS)
    code = p_clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
  if (code == CL_SUCCESS)
    code = p_clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
  if (code == CL_SUCCESS)
    code = p_clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof allocation, &allocation, NULL);
  snprintf(description->name, sizeof description->name, "%.127s", name);
  description->is_cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
  description->memory_bytes = memory;
  description->largest_allocation = allocation;
  return check(code, "clGetDeviceInfo", error);
}

//===-- Devices and queues ------------------------------------------------===//

typedef struct opencl_device {
  cl_device_id device;
  cl_context context;
  atomic_bool launched; /* Halide's runtime has looked its functions up, and may hold programs */
} opencl_device;

typedef struct opencl_queue {
  opencl_device *device;
  cl_command_queue queue;
} opencl_queue;

static resnet_status queue_create(void *device, void **queue, resnet_error *error) {
  opencl_queue *made = calloc(1, sizeof *made);
  if (!made) {
    resnet_set_error(error, "out of memory for a queue");
    return RESNET_OUT_OF_MEMORY;
  }
  made->device = device;
  cl_int code;
  made->queue = p_clCreateCommandQueue(made->device->context, made->device->device, CL_QUEUE_PROFILING_ENABLE, &code);
  resnet_status status = check(code, "clCreateCommandQueue", error);
  if (status != RESNET_OK)
    free(made);
  else
    *queue = made;
  return status;
}

static void queue_destroy(void *queue) {
  opencl_queue *q = queue;
  p_clFinish(q->queue);
  p_clReleaseCommandQueue(q->queue);
  free(q);
}

static resnet_status finish(void *queue, resnet_error *error) {
  return check(p_clFinish(((opencl_queue *)queue)->queue), "clFinish", error);
}

static resnet_status open_device(int32_t index, void **device, resnet_error *error) {
  opencl_device *made = calloc(1, sizeof *made);
  if (!made) {
    resnet_set_error(error, "out of memory for a device");
    return RESNET_OUT_OF_MEMORY;
  }
  resnet_status status = find(index, &made->device, error);
  if (status == RESNET_OK) {
    cl_int code;
    made->context = p_clCreateContext(NULL, 1, &made->device, NULL, NULL, &code);
    status = check(code, "clCreateContext", error);
  }
  if (status != RESNET_OK)
    free(made);
  else
    *device = made;
  return status;
}

/* Of Halide's runtime: frees the programs that it built for the context of the user context. */
int halide_opencl_device_release(void *user_context);

static void drop_programs(void *user_context) { (void)halide_opencl_device_release(user_context); }

static void close_device(void *device) {
  opencl_device *d = device;
  void *queue = NULL;
  if (atomic_load(&d->launched) && queue_create(d, &queue, NULL) == RESNET_OK) {
    resnet_call_with_queue(queue, drop_programs);
    queue_destroy(queue);
  }
  p_clReleaseContext(d->context);
  free(d);
}

static void native(void *device, void **native_context, void **native_device) {
  *native_context = ((opencl_device *)device)->context;
  *native_device = ((opencl_device *)device)->device;
}

//===-- Memory ------------------------------------------------------------===//

/* Of Halide's runtime: makes and frees the object that a buffer's `device` points to. */
int halide_opencl_wrap_cl_mem(void *user_context, struct halide_buffer_t *buffer, uint64_t memory);
int halide_opencl_detach_cl_mem(void *user_context, struct halide_buffer_t *buffer);
const struct halide_device_interface_t *halide_opencl_device_interface(void);

static resnet_status make_handle(resnet_device_memory *memory, resnet_error *error) {
  struct halide_buffer_t buffer = {0};
  if (halide_opencl_wrap_cl_mem(NULL, &buffer, (uint64_t)(uintptr_t)memory->native) != 0) {
    resnet_set_error(error, "out of memory for a buffer's handle");
    return RESNET_OUT_OF_MEMORY;
  }
  memory->handle = buffer.device;
  return RESNET_OK;
}

static void unwrap(resnet_device_memory *memory) {
  struct halide_buffer_t buffer = {.device = memory->handle, .device_interface = halide_opencl_device_interface()};
  if (memory->handle)
    halide_opencl_detach_cl_mem(NULL, &buffer);
  memset(memory, 0, sizeof *memory);
}

static void release(void *device, resnet_device_memory *memory) {
  (void)device;
  if (memory->native)
    p_clReleaseMemObject(memory->native);
  unwrap(memory);
}

/* Drivers promise memory and get it at its first use: that is here. */
static resnet_status allocate(void *queue, uint64_t bytes, resnet_device_memory *memory, resnet_error *error) {
  opencl_queue *q = queue;
  memset(memory, 0, sizeof *memory);
  memory->bytes = bytes;
  cl_int code;
  memory->native = p_clCreateBuffer(q->device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
  resnet_status status = check(code, "clCreateBuffer", error);
  static const char zero = 0;
  if (status == RESNET_OK)
    status = check(p_clEnqueueWriteBuffer(q->queue, memory->native, CL_TRUE, bytes - 1, 1, &zero, 0, NULL, NULL),
                   "clEnqueueWriteBuffer", error);
  if (status == RESNET_OK)
    status = make_handle(memory, error);
  if (status != RESNET_OK)
    release(q->device, memory);
  return status;
}

static resnet_status wrap(void *queue, void *native_memory, uint64_t bytes, resnet_device_memory *memory, resnet_error *error) {
  opencl_queue *q = queue;
  cl_context context = NULL;
  size_t size = 0;
  cl_int code = p_clGetMemObjectInfo(native_memory, CL_MEM_CONTEXT, sizeof context, &context, NULL);
  if (code == CL_SUCCESS)
    code = p_clGetMemObjectInfo(native_memory, CL_MEM_SIZE, sizeof size, &size, NULL);
  if (code != CL_SUCCESS || context != q->device->context) {
    resnet_set_error(error, "expected a cl_mem of the model's cl_context");
    return RESNET_INVALID_ARGUMENT;
  }
  if (size < bytes) {
    resnet_set_error(error, "expected a cl_mem of %llu bytes, found %llu", (unsigned long long)bytes, (unsigned long long)size);
    return RESNET_INVALID_ARGUMENT;
  }
  *memory = (resnet_device_memory){.native = native_memory, .bytes = bytes};
  return make_handle(memory, error);
}

static resnet_status upload(void *queue, const resnet_device_memory *to, const void *from, uint64_t bytes, resnet_error *error) {
  return check(p_clEnqueueWriteBuffer(((opencl_queue *)queue)->queue, to->native, CL_FALSE, 0, bytes, from, 0, NULL, NULL),
               "clEnqueueWriteBuffer", error);
}

static resnet_status download(void *queue, void *to, const resnet_device_memory *from, uint64_t bytes, resnet_error *error) {
  return check(p_clEnqueueReadBuffer(((opencl_queue *)queue)->queue, from->native, CL_FALSE, 0, bytes, to, 0, NULL, NULL),
               "clEnqueueReadBuffer", error);
}

//===-- Time --------------------------------------------------------------===//

static void *mark(void *queue) {
  cl_event event = NULL;
  return p_clEnqueueMarkerWithWaitList(((opencl_queue *)queue)->queue, 0, NULL, &event) == CL_SUCCESS ? event : NULL;
}

static uint64_t end_of(cl_event event) {
  cl_ulong time = 0;
  return p_clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof time, &time, NULL) == CL_SUCCESS ? time : 0;
}

static uint64_t elapsed_ns(void *queue, void *from, void *to) {
  (void)queue;
  uint64_t begin = end_of(from), end = end_of(to);
  return end > begin ? end - begin : 0;
}

static void unmark(void *queue, void *marked) {
  (void)queue;
  if (marked)
    p_clReleaseEvent(marked);
}

const resnet_device_api resnet_device_opencl = {.name = "opencl",
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
                                                .interface = halide_opencl_device_interface};

//===-- What Halide's runtime asks for ------------------------------------===//

/* A NULL user context is Halide's own clean-up when the library is unloaded: by then there is nothing to clean. */
int halide_acquire_cl_context(void *user_context, cl_context *context, cl_command_queue *queue, bool create) {
  (void)create;
  const opencl_queue *q = resnet_run_queue(user_context);
  if (q)
    atomic_store_explicit(&q->device->launched, true, memory_order_relaxed);
  *context = q ? q->device->context : NULL;
  *queue = q ? q->queue : NULL;
  return 0;
}

int halide_release_cl_context(void *user_context) {
  (void)user_context;
  return 0;
}

void *halide_opencl_get_symbol(void *user_context, const char *name) {
  (void)user_context;
  return library ? dlsym(library, name) : NULL;
}
