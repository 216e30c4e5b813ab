/* Parallel loops of kernels. The range is cut into one contiguous share a worker, so that a worker meets the same rows layer
 * after layer; a worker that is done takes single iterations from the others' shares. Which worker computes an iteration never
 * changes what it computes, so results do not depend on the number of threads. Iterations all run even after one has failed: the
 * failure reported is the lowest index's, whatever the timing. */

#include "runtime/FloatEnvironment.h"
#include "runtime/Internal.h"

#include <stdio.h>
#include <string.h>

static void run_iteration(resnet_worker *worker, const resnet_loop *loop, long long index) {
  int code = loop->task(worker, (int)(loop->min + index), loop->closure);
  if (code == 0)
    return;
  if (worker->failed_index < 0 || index < worker->failed_index) {
    worker->failed_index = index;
    worker->failed_code = code;
    memcpy(worker->failed_message, worker->message, sizeof worker->message);
  }
  worker->message[0] = 0;
}

void resnet_run_share(resnet_worker *worker) {
  resnet_context *context = worker->context;
  const resnet_loop *loop = &context->loop;
  worker->in_task = true;
  for (int32_t i = 0; i < context->num_workers; ++i) {
    int32_t owner = worker->index + i;
    resnet_worker *share = &context->workers[owner < context->num_workers ? owner : owner - context->num_workers];
    /* A plain look first: a share that is done costs no exclusive access to its line. */
    while (atomic_load_explicit(&share->next, memory_order_relaxed) < share->end) {
      long long index = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
      if (index >= share->end)
        break;
      run_iteration(worker, loop, index);
    }
  }
  worker->in_task = false;
}

static void host_task(void *task_data, int32_t index) {
  resnet_context *context = task_data;
  if (index < 0 || index >= context->num_workers)
    return;
  unsigned environment = resnet_float_environment_enter();
  resnet_run_share(&context->workers[index]);
  resnet_float_environment_leave(environment);
  atomic_fetch_add_explicit(&context->host_calls, 1, memory_order_release);
}

/* Returns 0, or the code for a host pool that did not do what it was asked. */
static int run_on_host_pool(resnet_context *context) {
  atomic_store_explicit(&context->host_calls, 0, memory_order_relaxed);
  int32_t result = context->parallel_for(context->parallel_for_data, host_task, context, context->num_workers);
  int calls = atomic_load_explicit(&context->host_calls, memory_order_acquire);
  resnet_worker *caller = &context->workers[0];
  if (result != 0)
    return resnet_kernel_error(caller, -1, "the host's parallel_for returned %d", (int)result);
  if (calls != context->num_workers)
    return resnet_kernel_error(caller, -1, "the host's parallel_for finished %d of %d tasks before it returned", calls,
                               (int)context->num_workers);
  return 0;
}

static int run_inline(resnet_worker *worker, resnet_kernel_task task, int min, int size, uint8_t *closure) {
  for (int i = 0; i < size; ++i) {
    int code = task(worker, min + i, closure);
    if (code != 0)
      return code;
  }
  return 0;
}

int halide_do_par_for(void *user_context, resnet_kernel_task task, int min, int size, uint8_t *closure) {
  resnet_worker *caller = user_context;
  resnet_context *context = caller->context;
  int32_t workers = context->num_workers;
  /* One iteration is left open for a loop inside it: a kernel's loop over images, at batch 1. */
  if (caller->in_task || workers == 1 || size <= 1)
    return run_inline(caller, task, min, size, closure);

  context->loop = (resnet_loop){.task = task, .closure = closure, .min = min};
  for (int32_t i = 0; i < workers; ++i) {
    resnet_worker *worker = &context->workers[i];
    worker->failed_index = -1;
    worker->end = (long long)size * (i + 1) / workers;
    atomic_store_explicit(&worker->next, (long long)size * i / workers, memory_order_relaxed);
  }
  int code = 0;
  if (context->parallel_for)
    code = run_on_host_pool(context);
  else
    resnet_pool_run(context);

  const resnet_worker *lowest = NULL;
  for (int32_t i = 0; i < workers; ++i) {
    const resnet_worker *worker = &context->workers[i];
    if (worker->failed_index >= 0 && (!lowest || worker->failed_index < lowest->failed_index))
      lowest = worker;
  }
  if (code != 0 || !lowest)
    return code;
  memcpy(caller->message, lowest->failed_message, sizeof caller->message);
  return lowest->failed_code;
}
