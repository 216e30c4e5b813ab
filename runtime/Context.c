/* The context: one thread's way to run a model, with its workers, scratch and arena. */

#define _GNU_SOURCE
#include "runtime/DeviceRun.h"

#include <stdlib.h>
#include <string.h>

static void *allocate_lines(size_t bytes) {
  if (bytes > SIZE_MAX - RESNET_LINE)
    return NULL;
  bytes = (bytes + RESNET_LINE - 1) & ~(size_t)(RESNET_LINE - 1);
  void *memory = aligned_alloc(RESNET_LINE, bytes);
  if (memory)
    memset(memory, 0, bytes);
  return memory;
}

static void free_memory(resnet_context *context) {
  if (context->workers)
    for (int32_t i = 0; i < context->num_workers; ++i)
      resnet_scratch_reset(&context->workers[i]);
  resnet_device_run_destroy(context);
  resnet_unmap(context->arena, context->arena_bytes);
  resnet_unmap(context->scratch, context->scratch_mapped);
  resnet_fork_mark_free(&context->fork_mark);
  resnet_model_release(context->model);
  free(context->pool.threads);
  free(context->workers);
  free(context->times);
  free(context->inputs);
  free(context->outputs);
  free(context);
}

static resnet_status check_options(const resnet_context_options *options, resnet_context_options *known, resnet_error *error) {
  *known = (resnet_context_options){.struct_size = sizeof *known};
  if (options && !resnet_read_struct(known, sizeof *known, options)) {
    resnet_set_error(error, "resnet_context_options: struct_size is wrong, or a field is set that this library does not know");
    return RESNET_INVALID_ARGUMENT;
  }
  if (known->num_threads < 0 || known->num_threads > RESNET_MAX_THREADS) {
    resnet_set_error(error, "num_threads: expected 0 to %d, found %d", RESNET_MAX_THREADS, (int)known->num_threads);
    return RESNET_INVALID_ARGUMENT;
  }
  if (known->parallel_for && known->pin_threads) {
    resnet_set_error(error, "pin_threads cannot be used with the host's parallel_for: its threads are the host's");
    return RESNET_INVALID_ARGUMENT;
  }
  return RESNET_OK;
}

/* Everything but the threads. */
static bool allocate(resnet_context *context) {
  const resnet_program *program = context->model->program;
  size_t workers = (size_t)context->num_workers;
  context->workers = allocate_lines(workers * sizeof *context->workers);
  context->times = calloc((size_t)program->num_steps + 1, sizeof *context->times);
  context->inputs = calloc((size_t)program->num_inputs + 1, sizeof *context->inputs);
  context->outputs = calloc((size_t)program->num_outputs + 1, sizeof *context->outputs);
  if (!context->workers || !context->times || !context->inputs || !context->outputs)
    return false;

  /* Whole lines for each worker, so that no two write the same one. */
  uint64_t each = context->model->variant->scratch_bytes;
  if (each > INT64_MAX || __builtin_add_overflow(each, RESNET_SCRATCH_ALIGNMENT - 1, &each))
    return false;
  each &= ~(uint64_t)(RESNET_SCRATCH_ALIGNMENT - 1);
  context->scratch_bytes = each;
  if (__builtin_mul_overflow(each, (uint64_t)workers, &context->scratch_mapped))
    return false;
  if (context->scratch_mapped && !(context->scratch = resnet_map(context->scratch_mapped)))
    return false;
  for (size_t i = 0; i < workers; ++i) {
    resnet_worker *worker = &context->workers[i];
    worker->context = context;
    worker->index = (int32_t)i;
    worker->failed_index = -1;
    worker->scratch = context->scratch ? context->scratch + i * each : NULL;
    atomic_init(&worker->next, 0);
    atomic_init(&worker->active, 0);
  }
  return true;
}

resnet_status resnet_context_create(const resnet_model *model, const resnet_context_options *options, resnet_context **context,
                                    resnet_error *error) {
  if (error)
    error->message[0] = 0;
  if (context)
    *context = NULL;
  if (!model || !context) {
    resnet_set_error(error, "%s is NULL", model ? "context" : "model");
    return RESNET_INVALID_ARGUMENT;
  }
  resnet_context_options known;
  resnet_status status = check_options(options, &known, error);
  if (status != RESNET_OK)
    return status;

  if (model->device.open && resnet_fork_mark_is_child(&model->device.fork_mark)) {
    resnet_set_error(error, "the model was made before a fork and its device is the parent process's; make a new one");
    return RESNET_FORKED;
  }
  resnet_context *made = allocate_lines(sizeof *made);
  if (!made) {
    resnet_set_error(error, "out of memory for a context");
    return RESNET_OUT_OF_MEMORY;
  }
  made->model = (resnet_model *)(uintptr_t)model; /* const but for the count */
  atomic_fetch_add_explicit(&made->model->references, 1, memory_order_relaxed);
  /* A device's kernels have their own threads. */
  made->num_workers = model->device.open ? 1 : known.num_threads ? known.num_threads : resnet_cpu_count();
  made->parallel_for = known.parallel_for;
  made->parallel_for_data = known.parallel_for_data;
  made->profiling = known.profile != 0;
  made->step = -1;
  atomic_flag_clear(&made->busy);
  resnet_fork_mark_init(&made->fork_mark);
  if (!allocate(made)) {
    resnet_set_error(error, "out of memory for a context of %d threads with %llu bytes of scratch each", (int)made->num_workers,
                     (unsigned long long)made->model->variant->scratch_bytes);
    free_memory(made);
    return RESNET_OUT_OF_MEMORY;
  }
  if (model->device.open)
    status = resnet_device_run_create(made, error);
  else if (!made->parallel_for && made->num_workers > 1)
    status = resnet_pool_start(made, known.pin_threads != 0, error);
  if (status != RESNET_OK) {
    free_memory(made);
    return status;
  }
  *context = made;
  return RESNET_OK;
}

void resnet_context_destroy(resnet_context *context) {
  if (!context)
    return;
  if (!resnet_fork_mark_is_child(&context->fork_mark)) /* a child has no such threads */
    resnet_pool_stop(&context->pool);
  free_memory(context);
}

resnet_status resnet_context_get_info(const resnet_context *context, resnet_context_info *info) {
  if (!context || !info)
    return RESNET_INVALID_ARGUMENT;
  if (resnet_fork_mark_is_child(&context->fork_mark))
    return RESNET_FORKED;
  resnet_context_info known = {.num_threads = context->num_workers,
                               .profiling = context->profiling,
                               .arena_bytes = context->device ? resnet_device_arena_bytes(context) : context->arena_bytes};
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}
