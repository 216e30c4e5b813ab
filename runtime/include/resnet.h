/* The C interface of a compiled residual network.
 *
 * A compiled library exports one function, which returns a table of functions for the version that the host asks for. The rest is
 * reached through the table: a model (immutable, shared by threads) and contexts (one for each thread that runs). The library
 * needs libc, libm and pthread; several compiled libraries may be loaded or linked into one process. C11 and C++11. */

#ifndef RESNET_H
#define RESNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Conventions ---------------------------------------------------------------------------------------------------------------
 *
 * Status: a function that can fail returns a resnet_status; RESNET_OK is zero. An out-parameter is written on success only, but a
 * `_create` function sets its handle to NULL on failure.
 *
 * Structs: options and results begin with `struct_size`, which the host sets to sizeof of the struct it was compiled with. Zero
 * the rest: RESNET_INIT(resnet_context_options, options). A zero field means the default. A library that knows fewer fields than
 * the host refuses non-zero values in the fields it does not know (RESNET_INVALID_ARGUMENT) and leaves unknown results untouched.
 *
 * Strings are UTF-8 and NUL-terminated. Those of the *_info structs belong to the library and live until it is unloaded.
 *
 * Threads: functions of a model may be called from any number of threads at once. Functions of one context may be called from any
 * thread, but from one at a time; different contexts are independent.
 *
 * Devices: a library may hold code for devices (OpenCL, CUDA) beside code for CPUs. A model is one device's or the CPU's, and so
 * are its contexts. The driver is opened when a model or device_info first asks for a device, and stays open. Weights are on the
 * device once for each model; a context has a queue and an arena there. Results differ from the CPU's in the last bits.
 *
 * fork: models made before a fork work in the child, where new contexts can be made; those of devices do not (RESNET_FORKED). A
 * context made before it has lost its threads: in the child its functions return RESNET_FORKED; only context_error and
 * context_destroy work there, the latter freeing memory without waiting for threads. The parent's objects are not affected. Do
 * not fork while another thread runs context_create or _destroy and then use that context in the child.
 *
 * Unloading: dlclose is safe once every context and model of the library is destroyed: no thread, handler or thread-local
 * storage remains. */

#define RESNET_API_VERSION 1
#define RESNET_MAX_RANK 8

#ifdef __cplusplus
#define RESNET_INIT(type, name)                                                                                                  \
  type name = type();                                                                                                            \
  (name).struct_size = sizeof(type)
#else
#define RESNET_INIT(type, name) type name = {.struct_size = sizeof(type)}
#endif

typedef enum resnet_status {
  RESNET_OK = 0,
  RESNET_ERROR = 1,            /* a kernel failed; the message names the step and the reason */
  RESNET_INVALID_ARGUMENT = 2, /* an argument breaks its contract; nothing was done */
  RESNET_OUT_OF_MEMORY = 3,    /* nothing was done; the object is as before */
  RESNET_UNSUPPORTED_CPU = 4,  /* this CPU or system lacks instructions that every variant in the library needs */
  RESNET_SYSTEM_ERROR = 5,     /* a thread could not be created or pinned */
  RESNET_FORKED = 6,           /* the context was made before a fork, in the parent process */
  RESNET_BUSY = 7,             /* the context is inside another call; nothing was done and no message is set */
  RESNET_NO_DEVICE = 8         /* the device that was asked for, or any, is not there; the message lists what is */
} resnet_status;

/* Element types. Later versions add values; a host treats one it does not know as opaque. */
typedef enum resnet_dtype { RESNET_F32 = 1 } resnet_dtype;

typedef struct resnet_model resnet_model;
typedef struct resnet_context resnet_context;

/* Why a `_create` failed. Owned by the caller; always NUL-terminated. The layout is fixed for every version. */
typedef struct resnet_error {
  char message[512];
} resnet_error;

/* A dense row-major tensor in the caller's memory. The layout is fixed for every version.
 * `data` needs the natural alignment of its element (4 bytes for f32) and nothing more. It is used during the call only. */
typedef struct resnet_tensor {
  void *data;     /* never written for an input */
  uint64_t bytes; /* exactly the product of the shape times the element's size */
  int32_t dtype;  /* resnet_dtype */
  int32_t rank;
  int64_t shape[RESNET_MAX_RANK]; /* entries from `rank` on are ignored */
} resnet_tensor;

/* Options and results ------------------------------------------------------------------------------------------------------- */

typedef struct resnet_model_options {
  size_t struct_size;
  /* Highest x86-64 psABI level to use: 1 (x86-64), 2, 3 or 4; 0: what the CPU and the operating system support. A limit is
   * for comparisons and tests: the model then behaves as on such a CPU. */
  int32_t max_cpu_level;
  /* What runs the model: "cpu"; the number of a device (see device_info), its kind, "opencl" or "cuda", or a part of its name, in
   * any case: the first that fits is taken. NULL: a device that is not the host's own processor, where the library has code for
   * one that is there and max_cpu_level is 0; else the CPU; else, in a library without code for CPUs, any device. */
  const char *device;
} resnet_model_options;

typedef struct resnet_model_info {
  size_t struct_size;
  const char *name;
  const char *target;       /* the variant chosen for this CPU, e.g. "x86-64-v4" */
  const char *description;  /* a JSON object: compiler, targets, preprocessing, source, options */
  const char *weights_hash; /* hexadecimal */
  uint64_t weights_bytes;
  int64_t fixed_batch; /* the only batch that the model takes, or -1: any */
  int32_t num_inputs;
  int32_t num_outputs;
  int32_t num_steps;
  int32_t cpu_level;  /* psABI level of the chosen variant, for a device of what launches its kernels: 1, 3 or 4 */
  const char *device; /* the device's name, the model's until it is destroyed, or "cpu" */
} resnet_model_info;

/* The driver's handles of a model's device, by which a host makes memory for context_run_device: of OpenCL a cl_context and a
 * cl_device_id, of CUDA the device's primary CUcontext and the CUdevice as an integer. Owned by the model. */
typedef struct resnet_device_info {
  size_t struct_size;
  char name[128];  /* the driver's */
  char target[16]; /* the kind: "opencl" or "cuda" */
  int32_t is_cpu;  /* non-zero: its kernels run on the host's own processor */
  uint64_t memory_bytes;
  void *native_context; /* of model_device only; NULL of device_info */
  void *native_device;
} resnet_device_info;

typedef struct resnet_tensor_info {
  size_t struct_size;
  const char *name;
  int32_t dtype; /* resnet_dtype */
  int32_t rank;
  int64_t shape[RESNET_MAX_RANK]; /* -1: the dynamic batch, the first dimension; entries from `rank` on are 0 */
} resnet_tensor_info;

typedef struct resnet_memory_info {
  size_t struct_size;
  uint64_t arena_bytes;   /* of a context for this batch at most: batches are computed in chunks (see context_run) */
  uint64_t scratch_bytes; /* of each thread of a context */
} resnet_memory_info;

/* A step is one launch of a kernel, in order of execution. Of a library with code for several instruction sets this tells the
 * kernels of the highest. The fields from `algorithm` on came later: a library that does not know them leaves them untouched. */
typedef struct resnet_step_info {
  size_t struct_size;
  const char *kernel;      /* the kernel's symbol, as it is for any batch; steps that share it share its code */
  const char *source;      /* node name or names in the source model */
  int64_t flops_per_image; /* of the operation as it is defined; a multiply-add counts as two */
  /* How a convolution is computed: "direct", as it is defined, or "F(4,3)", Winograd's with tiles of 4 x 4 outputs. "" for
   * others. */
  const char *algorithm;
  /* What the algorithm's products take, by which a step is to be held against the machine's peak. Winograd's count tiles at a
   * map's edges and blocks of channels whole, but not the additions of the transforms. */
  int64_t performed_flops_per_image;
  uint64_t weights_bytes; /* of filter, bias and scales as they are stored; each execution reads them */
  /* Of the input and of what is added, the elements that are read, and of the output: each once, without halos. */
  uint64_t activation_bytes_per_image;
} resnet_step_info;

/* One share of a parallel loop. `task_data` is opaque. */
typedef void (*resnet_task)(void *task_data, int32_t index);

/* A host's thread pool. Calls task(task_data, i) exactly once for every i in [0, count), on any threads and in any order, the
 * calling one included, and returns when all of them have returned. Returns 0, or non-zero when it could not; the run then fails
 * with RESNET_ERROR. It is called from within context_run, on its thread, several times; count never exceeds the context's
 * threads. Two calls with the same index never overlap in a context. It must not call functions of the context. */
typedef int32_t (*resnet_parallel_for)(void *user_data, resnet_task task, void *task_data, int32_t count);

typedef struct resnet_context_options {
  size_t struct_size;
  /* Threads that work on a run, the calling one included (a device has its own: it is ignored there); 0: the CPUs that the
   * creating thread may run on (sched_getaffinity). At most 1024. Results do not depend on it, to the bit. */
  int32_t num_threads;
  /* Non-zero: each thread made for the context is pinned to one of the CPUs that the creating thread may run on, in turn,
   * starting with the second. The calling thread's affinity is never changed. Not together with parallel_for. */
  int32_t pin_threads;
  /* Where the threads come from; NULL: the context makes num_threads - 1 threads of its own, which sleep between runs and have
   * all signals blocked. Retained with its user data until the context is destroyed. */
  resnet_parallel_for parallel_for;
  void *parallel_for_data;
  /* Non-zero: steps are timed from the start, as by profile_enable. */
  int32_t profile;
} resnet_context_options;

typedef struct resnet_context_info {
  size_t struct_size;
  int32_t num_threads;
  int32_t profiling;
  uint64_t arena_bytes; /* held now */
} resnet_context_info;

typedef struct resnet_step_profile {
  size_t struct_size;
  uint64_t total_ns;
  uint64_t count; /* finished executions that total_ns sums: one a chunk of a run (see context_run) */
} resnet_step_profile;

/* The table ----------------------------------------------------------------------------------------------------------------- */

typedef struct resnet_api {
  size_t struct_size; /* of the table that the library provides */
  uint32_t version;   /* the version that was given: at most the one asked for */
  uint32_t reserved;

  /* A short constant text in English, e.g. "out of memory"; never NULL, for any value. */
  const char *(*status_string)(resnet_status status);

  /* Makes a model of the library's program, choosing the variant for this CPU. `options` and `error` may be NULL and are not
   * retained. Cheap: weights stay where the library was mapped.
   * Errors: RESNET_INVALID_ARGUMENT (model is NULL, options), RESNET_UNSUPPORTED_CPU (the message names what is missing),
   * RESNET_NO_DEVICE, RESNET_OUT_OF_MEMORY (the device's too), RESNET_ERROR (the device's driver). */
  resnet_status (*model_create)(const resnet_model_options *options, resnet_model **model, resnet_error *error);

  /* Gives up the handle. Contexts made from the model keep what they need until they are destroyed. NULL does nothing. */
  void (*model_destroy)(resnet_model *model);

  /* The following fill a struct whose struct_size is set. Error: RESNET_INVALID_ARGUMENT (NULL, index out of range; for
   * model_memory also a batch that the model does not take or whose sizes overflow). */
  resnet_status (*model_info)(const resnet_model *model, resnet_model_info *info);
  resnet_status (*model_input)(const resnet_model *model, int32_t index, resnet_tensor_info *info);
  resnet_status (*model_output)(const resnet_model *model, int32_t index, resnet_tensor_info *info);
  resnet_status (*model_step)(const resnet_model *model, int32_t index, resnet_step_info *info);
  resnet_status (*model_memory)(const resnet_model *model, int64_t batch, resnet_memory_info *info);

  /* Makes a context, with its threads and scratch memory; the arena comes with the first run or context_reserve. `options`
   * and `error` may be NULL; of options only parallel_for_data is retained.
   * Errors: RESNET_INVALID_ARGUMENT, RESNET_OUT_OF_MEMORY, RESNET_SYSTEM_ERROR. */
  resnet_status (*context_create)(const resnet_model *model, const resnet_context_options *options, resnet_context **context,
                                  resnet_error *error);

  /* Joins the context's threads and frees its memory. Not during a run of the context. NULL does nothing. */
  void (*context_destroy)(resnet_context *context);

  /* Makes the arena large enough for a batch now, so that no later run up to this batch allocates. Batches are computed in
   * chunks, so the arena does not grow beyond a chunk's.
   * Errors: RESNET_INVALID_ARGUMENT (the batch), RESNET_OUT_OF_MEMORY (the old arena stays), RESNET_FORKED, RESNET_BUSY. */
  resnet_status (*context_reserve)(resnet_context *context, int64_t batch);

  /* Runs the model: reads every input, writes every output, in the order of the introspection, and returns when done. All tensors
   * have the same batch, at least 1; outputs overlap neither inputs nor each other. The batch is computed in chunks: of the
   * numbers of images that the library has code for (--batch-sizes), the rest by few images at a time, never more than the
   * largest of those numbers. An image's result is the same in any batch, to the bit. Nothing is retained and, unless this is the
   * largest batch so far, nothing is allocated. The floating-point environment of the calling thread is the same afterwards;
   * inside it is the default one (round to nearest, denormals kept, exceptions masked). Errors: RESNET_INVALID_ARGUMENT (nothing
   * was written), RESNET_OUT_OF_MEMORY, RESNET_ERROR (the outputs' contents are then unspecified; the context stays usable),
   * RESNET_FORKED, RESNET_BUSY. */
  resnet_status (*context_run)(resnet_context *context, const resnet_tensor *inputs, int32_t num_inputs,
                               const resnet_tensor *outputs, int32_t num_outputs);

  /* The message of the last call on the context that failed, or "". It belongs to the context and changes with the next
   * call of context_run or context_reserve on it; never NULL. Not while another thread uses the context. */
  const char *(*context_error)(const resnet_context *context);

  /* Errors: RESNET_INVALID_ARGUMENT, RESNET_FORKED. */
  resnet_status (*context_info)(const resnet_context *context, resnet_context_info *info);

  /* Starts (non-zero) or stops the timing of steps; it costs one clock reading a step and allocates nothing. Times accumulate
   * over runs until profile_reset. A run that fails counts its finished steps. Not during a run. Errors: RESNET_INVALID_ARGUMENT
   * (NULL, index out of range), RESNET_FORKED. */
  resnet_status (*profile_enable)(resnet_context *context, int32_t enable);
  resnet_status (*profile_reset)(resnet_context *context);
  resnet_status (*profile_step)(const resnet_context *context, int32_t index, resnet_step_profile *profile);

  /* Devices. The table of an earlier library ends before here: see its struct_size. ----------------------------------------- */

  /* The index-th of the devices that the library has code for, counted from 0 over all kinds. Opens drivers.
   * Errors: RESNET_INVALID_ARGUMENT (info is NULL, a negative index), RESNET_NO_DEVICE (there are not so many). */
  resnet_status (*device_info)(int32_t index, resnet_device_info *info);

  /* The model's device. Errors: RESNET_INVALID_ARGUMENT, RESNET_NO_DEVICE (the model is the CPU's). */
  resnet_status (*model_device)(const resnet_model *model, resnet_device_info *info);

  /* As context_run, but each tensor's `data` is memory of the model's device, which nothing copies: a cl_mem of its cl_context,
   * or a CUdeviceptr. No two tensors are of the same memory. What the host put into queues of its own must be finished before;
   * the results are there when it returns. Errors: as context_run; RESNET_INVALID_ARGUMENT also for memory that is not the
   * device's or too small, and for a context of the CPU. */
  resnet_status (*context_run_device)(resnet_context *context, const resnet_tensor *inputs, int32_t num_inputs,
                                      const resnet_tensor *outputs, int32_t num_outputs);
} resnet_api;

/* The library's one exported function. `version` is the highest that the host knows, RESNET_API_VERSION. Returns the table of
 * the highest version that both know, or NULL if there is none. The table is constant and lives until the library is unloaded.
 * May be called from any thread. Its name is chosen when the model is compiled; as a type for dlsym: resnet_query. */
typedef const resnet_api *(*resnet_query)(uint32_t version);

#ifdef __cplusplus
#define RESNET_DECLARE_QUERY(NAME) extern "C" const resnet_api *NAME(uint32_t version)
#else
#define RESNET_DECLARE_QUERY(NAME) const resnet_api *NAME(uint32_t version)
#endif

#ifdef __cplusplus
}
#endif

#endif
