/* What the runtime's files share. One model has many contexts; a context has one worker for each thread of a run, and a worker's
 * address is the user context that kernels see. Lines that different threads write are 128 bytes apart (adjacent-line prefetch).
 */

#ifndef RESNET_RUNTIME_INTERNAL_H
#define RESNET_RUNTIME_INTERNAL_H

#include "runtime/Device.h"
#include "runtime/EntryPoints.h"
#include "runtime/Model.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/types.h>

#define RESNET_LINE 128
#define RESNET_ARENA_ALIGNMENT 64
#define RESNET_SCRATCH_ALIGNMENT 128
#define RESNET_MAX_THREADS 1024
#define RESNET_MAX_SCRATCH_BLOCKS 64
#define RESNET_MESSAGE_BYTES 256
#define RESNET_PRINTF(string, first) __attribute__((format(printf, string, first)))

/* Tells a forked child's copy of an object from the parent's. */
typedef struct resnet_fork_mark {
  void *page; /* a page that the kernel zeroes in a child, or NULL: compare pids */
  pid_t pid;
} resnet_fork_mark;

typedef struct resnet_chosen_device {
  const resnet_program_variant *variant;
  int32_t index; /* of the variant's kind */
  resnet_device_description description;
} resnet_chosen_device;

/* A model's device, with the weights; see Devices.c. */
typedef struct resnet_model_device {
  resnet_chosen_device chosen;
  void *open; /* NULL: the model is the CPU's */
  resnet_device_memory weights;
  resnet_fork_mark fork_mark;
} resnet_model_device;

struct resnet_model {
  const resnet_program *program;
  const resnet_program_variant *variant;
  int32_t cpu_level; /* psABI level: 1, 3 or 4 */
  resnet_model_device device;
  atomic_int references; /* the only part that changes */
};

typedef struct resnet_scratch_block {
  uint64_t offset;
  bool freed;
} resnet_scratch_block;

/* Header of a block that did not fit into the planned scratch; see Scratch.c. */
typedef struct resnet_overflow_block {
  struct resnet_overflow_block *next;
  uint64_t mapped_bytes;
} resnet_overflow_block;

typedef struct resnet_worker {
  /* Written by the worker's thread only (or between loops by the caller's). */
  _Alignas(RESNET_LINE) struct resnet_context *context;
  int32_t index;
  bool in_task; /* inside a parallel loop: nested ones run inline */
  char *scratch;
  uint64_t scratch_top;
  int32_t num_blocks;
  resnet_scratch_block blocks[RESNET_MAX_SCRATCH_BLOCKS];
  resnet_overflow_block *overflow;
  uint64_t scratch_demand;            /* largest demand that exceeded the plan, or 0 */
  char message[RESNET_MESSAGE_BYTES]; /* of the kernel that is failing, or "" */
  int64_t failed_index;               /* lowest of the current loop, or -1 */
  int failed_code;
  char failed_message[RESNET_MESSAGE_BYTES];

  /* The worker's share of the current loop; other workers take from it once theirs is done. */
  _Alignas(RESNET_LINE) atomic_llong next;
  long long end;

  /* Generation of the loop that the worker is in, or 0. */
  _Alignas(RESNET_LINE) atomic_uint active;
} resnet_worker;

/* Threads of a context; see ThreadPool.c. */
typedef struct resnet_pool {
  _Alignas(RESNET_LINE) atomic_uint generation; /* odd: a loop is open. The word that sleepers wait on. */
  _Alignas(RESNET_LINE) atomic_int sleepers;
  _Alignas(RESNET_LINE) atomic_bool stop;
  int32_t num_threads; /* started ones, without the caller's */
  pthread_t *threads;
} resnet_pool;

typedef struct resnet_loop {
  resnet_kernel_task task;
  uint8_t *closure;
  int min;
} resnet_loop;

typedef struct resnet_step_time {
  uint64_t total_ns, count;
} resnet_step_time;

typedef struct resnet_device_run resnet_device_run;

struct resnet_context {
  resnet_pool pool;
  _Alignas(RESNET_LINE) resnet_loop loop;
  int32_t num_workers;
  resnet_worker *workers; /* [0] is the calling thread's */
  resnet_model *model;
  resnet_parallel_for parallel_for;
  void *parallel_for_data;
  atomic_int host_calls;  /* shares of a loop that the host's pool has finished */
  uint64_t scratch_bytes; /* a worker's */
  char *scratch;
  uint64_t scratch_mapped;
  resnet_device_run *device; /* DeviceRun.h; NULL: the CPU, whose arena follows */
  char *arena;
  uint64_t arena_bytes;
  const void **inputs; /* of the chunk that is running */
  void **outputs;
  int32_t step; /* that is running, or -1 */
  bool profiling;
  uint64_t step_begin;
  resnet_step_time *times;
  resnet_fork_mark fork_mark;
  atomic_flag busy;
  char error[sizeof(resnet_error)];
};

/* Arguments.c: versioned structs and messages. */
bool resnet_read_struct(void *to, size_t known_size, const void *from);
bool resnet_write_struct(void *to, const void *from, size_t known_size);
void resnet_set_error(resnet_error *error, const char *format, ...) RESNET_PRINTF(2, 3);
/* The most images that one call of the program computes: what the compiler says, and no more than kernels can index. */
int64_t resnet_largest_chunk(const resnet_program *program);
/* The most images whose buffers kernels can index. */
int64_t resnet_indexed_images(const resnet_program *program);
/* Bytes of one image of an input or output. */
uint64_t resnet_image_bytes(const resnet_program_tensor *tensor);
bool resnet_check_batch(const resnet_program *program, int64_t batch, char *message, size_t message_size);
/* What a tensor's `data` is: host memory, or a handle of device memory, of which only equal ones overlap. */
typedef enum resnet_data { RESNET_HOST_DATA, RESNET_DEVICE_DATA } resnet_data;
resnet_status resnet_check_tensors(const resnet_program *program, resnet_data data, const resnet_tensor *inputs,
                                   int32_t num_inputs, const resnet_tensor *outputs, int32_t num_outputs, int64_t *batch,
                                   char *message, size_t message_size);

/* Cpu.c. */
/* Pins a thread to the index-th CPU, cyclically, of those that the calling thread may run on. Returns 0 or an errno. */
int resnet_cpu_pin(pthread_t thread, int32_t index);

/* Memory.c */
/* The arena that a run of `batch` images needs at most: that of the largest chunk. */
bool resnet_arena_bytes(const resnet_program *program, int64_t images, uint64_t *bytes);
/* The most images that a run of `batch` has in the arena at once, on any number of threads. */
int64_t resnet_most_arena_images(const resnet_model *model, int64_t batch);
void *resnet_map(uint64_t bytes); /* zeroed, page-aligned; NULL if there is no memory */
void resnet_unmap(void *memory, uint64_t bytes);
void resnet_fork_mark_init(resnet_fork_mark *mark);
bool resnet_fork_mark_is_child(const resnet_fork_mark *mark);
void resnet_fork_mark_free(resnet_fork_mark *mark);

/* Model.c */
resnet_status resnet_model_create(const resnet_model_options *options, resnet_model **model, resnet_error *error);
void resnet_model_release(resnet_model *model);
resnet_status resnet_model_get_info(const resnet_model *model, resnet_model_info *info);
resnet_status resnet_model_get_input(const resnet_model *model, int32_t index, resnet_tensor_info *info);
resnet_status resnet_model_get_output(const resnet_model *model, int32_t index, resnet_tensor_info *info);
resnet_status resnet_model_get_step(const resnet_model *model, int32_t index, resnet_step_info *info);
resnet_status resnet_model_get_memory(const resnet_model *model, int64_t batch, resnet_memory_info *info);

/* Devices.c */
resnet_status resnet_device_get_info(int32_t index, resnet_device_info *info);
resnet_status resnet_model_get_device(const resnet_model *model, resnet_device_info *info);

/* Context.c */
resnet_status resnet_context_create(const resnet_model *model, const resnet_context_options *options, resnet_context **context,
                                    resnet_error *error);
void resnet_context_destroy(resnet_context *context);
resnet_status resnet_context_get_info(const resnet_context *context, resnet_context_info *info);

/* Run.c */
resnet_status resnet_context_reserve(resnet_context *context, int64_t batch);
resnet_status resnet_context_run(resnet_context *context, const resnet_tensor *inputs, int32_t num_inputs,
                                 const resnet_tensor *outputs, int32_t num_outputs);
resnet_status resnet_context_run_device(resnet_context *context, const resnet_tensor *inputs, int32_t num_inputs,
                                        const resnet_tensor *outputs, int32_t num_outputs);
const char *resnet_context_get_error(const resnet_context *context);

/* Profile.c */
resnet_status resnet_profile_enable(resnet_context *context, int32_t enable);
resnet_status resnet_profile_reset(resnet_context *context);
resnet_status resnet_profile_get_step(const resnet_context *context, int32_t index, resnet_step_profile *profile);
uint64_t resnet_now_ns(void);

/* ThreadPool.c */
resnet_status resnet_pool_start(resnet_context *context, bool pin, resnet_error *error);
void resnet_pool_stop(resnet_pool *pool);
/* Lets every worker take part in the context's loop, whose shares are set, and returns when all shares are done. */
void resnet_pool_run(resnet_context *context);

/* ParallelFor.c */
void resnet_run_share(resnet_worker *worker);

/* Scratch.c */
void resnet_scratch_reset(resnet_worker *worker);

/* HalideErrors.c */
int resnet_kernel_error(void *user_context, int code, const char *format, ...) RESNET_PRINTF(3, 4);

#endif
