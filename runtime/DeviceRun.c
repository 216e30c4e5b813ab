/* A context's runs on a device. The host program computes addresses as it does for a CPU and launches kernels on them; here they
 * become places in the device's allocations. The arena, each input and each output have a range of addresses of their own that no
 * pointer can have (bits 62 and 63 differ), so that an address tells its allocation and a mistake faults; weights have theirs. */

#include "runtime/DeviceRun.h"
#include "runtime/Devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGE_BIT (UINT64_C(1) << 62)
#define RANGE_SHIFT 40 /* 1 TiB a range; kernels index 8 GiB */

enum { ARENA = 0 }; /* the first range; inputs and then outputs follow */

static void *address_of(int32_t range) { return (void *)(uintptr_t)(RANGE_BIT | (uint64_t)(range + 1) << RANGE_SHIFT); }

static int32_t num_ranges(const resnet_program *program) { return 1 + program->num_inputs + program->num_outputs; }

static const resnet_program_tensor *tensor_of(const resnet_program *program, int32_t range) {
  return range <= program->num_inputs ? &program->inputs[range - 1] : &program->outputs[range - 1 - program->num_inputs];
}

static uint64_t image_bytes(const resnet_program *program, int32_t range) {
  return range == ARENA ? program->arena_bytes_per_image : resnet_image_bytes(tensor_of(program, range));
}

static const resnet_device_api *api_of(const resnet_context *context) { return context->model->variant->device; }

//===-- Life --------------------------------------------------------------===//

resnet_status resnet_device_run_create(resnet_context *context, resnet_error *error) {
  const resnet_program *program = context->model->program;
  resnet_device_run *run = calloc(1, sizeof *run);
  context->device = run;
  if (run) {
    run->allocations = calloc((size_t)num_ranges(program), sizeof *run->allocations);
    run->used = calloc((size_t)num_ranges(program), sizeof *run->used);
    run->marks = calloc((size_t)program->num_steps + 1, sizeof *run->marks);
  }
  if (!run || !run->allocations || !run->used || !run->marks) {
    resnet_set_error(error, "out of memory for a context");
    return RESNET_OUT_OF_MEMORY;
  }
  return api_of(context)->queue_create(context->model->device.open, &run->queue, error);
}

static void free_allocations(resnet_context *context) {
  resnet_device_run *run = context->device;
  for (int32_t i = 0; run->allocations && i < num_ranges(context->model->program); ++i)
    api_of(context)->release(context->model->device.open, &run->allocations[i]);
  run->images = run->provided = 0;
  run->staged = false;
}

void resnet_device_run_destroy(resnet_context *context) {
  resnet_device_run *run = context->device;
  if (!run)
    return;
  if (run->queue && !resnet_fork_mark_is_child(&context->fork_mark)) {
    (void)api_of(context)->finish(run->queue, NULL);
    free_allocations(context);
    api_of(context)->queue_destroy(run->queue);
  }
  free(run->allocations);
  free(run->used);
  free(run->marks);
  free(run);
  context->device = NULL;
}

uint64_t resnet_device_arena_bytes(const resnet_context *context) { return context->device->allocations[ARENA].bytes; }

//===-- Memory ------------------------------------------------------------===//

int64_t resnet_device_largest_chunk(const resnet_model *model) {
  const resnet_program *program = model->program;
  int64_t most = resnet_indexed_images(program);
  for (int32_t i = 0; i < num_ranges(program); ++i) {
    const uint64_t bytes = image_bytes(program, i),
                   images = bytes ? model->device.chosen.description.largest_allocation / bytes : INT64_MAX;
    if (images < (uint64_t)most)
      most = images ? (int64_t)images : 1;
  }
  return most;
}

static resnet_status allocate(resnet_context *context, int64_t images, bool staged, resnet_error *error) {
  resnet_device_run *run = context->device;
  const resnet_program *program = context->model->program;
  resnet_status status = RESNET_OK;
  for (int32_t i = 0; i < (staged ? num_ranges(program) : 1) && status == RESNET_OK; ++i) {
    uint64_t bytes = image_bytes(program, i) * (uint64_t)images;
    if (run->allocations[i].bytes >= bytes && run->allocations[i].native)
      continue;
    api_of(context)->release(context->model->device.open, &run->allocations[i]); /* first: memory is scarcer there than here */
    status = api_of(context)->allocate(run->queue, bytes ? bytes : sizeof(float), &run->allocations[i], error);
  }
  return status;
}

resnet_status resnet_device_provide(resnet_context *context, int64_t batch, bool staged) {
  resnet_device_run *run = context->device;
  const int64_t largest = resnet_device_largest_chunk(context->model);
  int64_t images = batch < largest ? batch : largest;
  if (run->provided >= images && run->staged >= staged)
    return RESNET_OK;
  staged |= run->staged;
  if (images < run->provided)
    images = run->provided;
  resnet_error error = {""};
  resnet_status status = RESNET_OUT_OF_MEMORY;
  for (int64_t tried = images; tried >= 1 && status == RESNET_OUT_OF_MEMORY; tried /= 2) {
    status = allocate(context, tried, staged, &error);
    if (status != RESNET_OK) {
      free_allocations(context);
      continue;
    }
    run->images = tried;
    run->provided = images;
    run->staged = staged;
    return RESNET_OK;
  }
  if (status == RESNET_OUT_OF_MEMORY)
    snprintf(context->error, sizeof context->error,
             "out of memory on device \"%.100s\": one image needs %llu bytes of arena: %.250s",
             context->model->device.chosen.description.name, (unsigned long long)context->model->program->arena_bytes_per_image,
             error.message);
  else
    snprintf(context->error, sizeof context->error, "%s", error.message);
  return status;
}

//===-- Launches ----------------------------------------------------------===//

void *resnet_run_queue(void *user_context) {
  const resnet_worker *worker = user_context;
  return worker ? worker->context->device->queue : NULL;
}

void resnet_call_with_queue(void *queue, void (*drop)(void *user_context)) {
  resnet_device_run run = {.queue = queue};
  resnet_context context = {.device = &run};
  resnet_worker worker = {.context = &context};
  drop(&worker);
}

/* The allocation of an address, and how far it is from its beginning. */
static const resnet_device_memory *locate(const resnet_context *context, uint64_t address, uint64_t *offset) {
  const resnet_program *program = context->model->program;
  if (address & RANGE_BIT) {
    uint64_t range = ((address & ~RANGE_BIT) >> RANGE_SHIFT) - 1;
    *offset = address & ((UINT64_C(1) << RANGE_SHIFT) - 1);
    return range < (uint64_t)num_ranges(program) ? &context->device->used[range] : NULL;
  }
  *offset = address - (uint64_t)(uintptr_t)program->weights;
  return *offset < program->weights_bytes ? &context->model->device.weights : NULL;
}

int32_t resnet_runtime_device_buffer(void *run, struct halide_buffer_t *buffer) {
  const resnet_context *context = ((resnet_worker *)run)->context;
  uint64_t offset;
  const resnet_device_memory *memory = locate(context, (uint64_t)(uintptr_t)buffer->host, &offset);
  if (!memory || offset / sizeof(float) > INT32_MAX)
    return resnet_kernel_error(run, -1, "a buffer lies outside of the run's memory");
  buffer->device = memory->handle;
  buffer->device_interface = api_of(context)->interface();
  buffer->host = NULL;
  buffer->dim[0].min -= (int32_t)(offset / sizeof(float));
  return 0;
}

//===-- Time --------------------------------------------------------------===//

void resnet_device_mark_step(resnet_context *context, int32_t index) {
  if (index >= 0 && index <= context->model->program->num_steps)
    context->device->marks[index] = api_of(context)->mark(context->device->queue);
}

/* After the queue has finished; whatever steps were marked. Only where they are. */
static void collect_times(resnet_context *context) {
  void **marks = context->device->marks;
  for (int32_t i = 0; i < context->model->program->num_steps; ++i)
    if (marks[i] && marks[i + 1]) {
      context->times[i].total_ns += api_of(context)->elapsed_ns(context->device->queue, marks[i], marks[i + 1]);
      context->times[i].count += 1;
    }
  for (int32_t i = 0; i <= context->model->program->num_steps; ++i) {
    api_of(context)->unmark(context->device->queue, marks[i]);
    marks[i] = NULL;
  }
}

//===-- Runs --------------------------------------------------------------===//

/* One call of the program. `first` is how many images of the caller's device memory lie before the chunk's. */
static int32_t call_program(resnet_context *context, int64_t first, int64_t images) {
  const resnet_program *program = context->model->program;
  for (int32_t i = 1; i < num_ranges(program); ++i) {
    char *address = (char *)address_of(i) + image_bytes(program, i) * (uint64_t)first;
    if (i <= program->num_inputs)
      context->inputs[i - 1] = address;
    else
      context->outputs[i - 1 - program->num_inputs] = address;
  }
  return context->model->variant->main(&context->workers[0], context->inputs, context->outputs, address_of(ARENA),
                                       program->weights, images);
}

/* A chunk whose inputs and outputs are the host's. */
static resnet_status run_staged(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs, int64_t first,
                                int64_t images, int32_t *result, resnet_error *error) {
  const resnet_program *program = context->model->program;
  const resnet_device_api *api = api_of(context);
  void *queue = context->device->queue;
  resnet_status status = RESNET_OK;
  for (int32_t i = 1; i < num_ranges(program) && status == RESNET_OK; ++i) {
    const uint64_t image = image_bytes(program, i);
    if (i <= program->num_inputs)
      status = api->upload(queue, &context->device->used[i], (char *)inputs[i - 1].data + image * (uint64_t)first,
                           image * (uint64_t)images, error);
  }
  if (status == RESNET_OK)
    *result = call_program(context, 0, images);
  for (int32_t i = 1 + program->num_inputs; i < num_ranges(program) && status == RESNET_OK && *result == 0; ++i) {
    const uint64_t image = image_bytes(program, i);
    status = api->download(queue, (char *)outputs[i - 1 - program->num_inputs].data + image * (uint64_t)first,
                           &context->device->used[i], image * (uint64_t)images, error);
  }
  return status;
}

static void use(resnet_context *context, int32_t first, int32_t last) {
  for (int32_t i = first; i < last; ++i)
    context->device->used[i] = context->device->allocations[i];
}

/* All chunks, and then waits: whatever failed, nothing is in the queue afterwards. */
static resnet_status run_chunks(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs, int64_t batch,
                                bool staged, int32_t *result, resnet_error *error) {
  resnet_status status = RESNET_OK;
  *result = 0;
  for (int64_t first = 0; first < batch && status == RESNET_OK && *result == 0; first += context->device->images) {
    const int64_t images = batch - first < context->device->images ? batch - first : context->device->images;
    if (staged)
      status = run_staged(context, inputs, outputs, first, images, result, error);
    else
      *result = call_program(context, first, images);
    resnet_status finished = RESNET_OK;
    if (context->profiling || first + images >= batch || status != RESNET_OK || *result != 0)
      finished = api_of(context)->finish(context->device->queue, error);
    if (status == RESNET_OK)
      status = finished;
    if (context->profiling)
      collect_times(context);
  }
  return status;
}

resnet_status resnet_device_run_staged(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs,
                                       int64_t batch, int32_t *result, resnet_error *error) {
  use(context, 0, num_ranges(context->model->program));
  return run_chunks(context, inputs, outputs, batch, true, result, error);
}

resnet_status resnet_device_run_in_place(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs,
                                         int64_t batch, int32_t *result, resnet_error *error) {
  const resnet_program *program = context->model->program;
  resnet_device_memory *used = context->device->used;
  resnet_status status = RESNET_OK;
  use(context, ARENA, ARENA + 1);
  memset(used + 1, 0, sizeof *used * (size_t)(num_ranges(program) - 1));
  for (int32_t i = 1; i < num_ranges(program) && status == RESNET_OK; ++i) {
    const resnet_tensor *tensor = i <= program->num_inputs ? &inputs[i - 1] : &outputs[i - 1 - program->num_inputs];
    if (tensor->bytes / sizeof(float) > INT32_MAX) {
      resnet_set_error(error, "expected tensors of at most %llu bytes, found %llu", (unsigned long long)INT32_MAX * sizeof(float),
                       (unsigned long long)tensor->bytes);
      status = RESNET_INVALID_ARGUMENT;
    } else {
      status = api_of(context)->wrap(context->device->queue, tensor->data, tensor->bytes, &used[i], error);
    }
  }
  *result = 0;
  if (status == RESNET_OK)
    status = run_chunks(context, inputs, outputs, batch, false, result, error);
  for (int32_t i = 1; i < num_ranges(program); ++i)
    api_of(context)->unwrap(&used[i]);
  return status;
}
