/* One run: check the tensors, provide the arena, call the compiled program in the default floating-point environment, chunk by
 * chunk, and turn its result into a status and a message. */

#include "runtime/DeviceRun.h"
#include "runtime/FloatEnvironment.h"

#include <stdio.h>
#include <string.h>

/* Activations that the caches of one or two cores hold. */
#define CHUNK_BYTES (UINT64_C(2) << 20)

/* Takes the context for a call; RESNET_OK means that the caller must clear `busy`. */
static resnet_status enter(resnet_context *context) {
  if (!context)
    return RESNET_INVALID_ARGUMENT;
  if (resnet_fork_mark_is_child(&context->fork_mark)) {
    snprintf(context->error, sizeof context->error, "the context was made before a fork, in process %d; make a new one",
             (int)context->fork_mark.pid);
    return RESNET_FORKED;
  }
  if (atomic_flag_test_and_set_explicit(&context->busy, memory_order_acquire))
    return RESNET_BUSY;
  context->error[0] = 0;
  return RESNET_OK;
}

static resnet_status leave(resnet_context *context, resnet_status status) {
  atomic_flag_clear_explicit(&context->busy, memory_order_release);
  return status;
}

/* What the program for any number computes at once of `images`: few, so that a layer's result is still in cache when the next one
 * reads it, but enough for small networks to be more than overhead, and an image for each thread. (16 images of a ResNet-50 on
 * one thread: 1.44 s one by one, 1.58 s by eights; of a CIFAR ResNet-20 on two: 8.1 ms one by one, 6.5 ms by eights.) */
static int64_t unspecialised_chunk(const resnet_context *context, int64_t images) {
  const uint64_t bytes = context->model->program->arena_bytes_per_image;
  int64_t chunk = bytes < CHUNK_BYTES ? (int64_t)(CHUNK_BYTES / (bytes ? bytes : 1)) : 1;
  if (chunk < context->num_workers)
    chunk = context->num_workers;
  return chunk < images ? chunk : images;
}

/* The most images that a run of `batch` of them has in the arena at once. */
static int64_t arena_images(const resnet_context *context, int64_t batch) {
  const resnet_program_variant *variant = context->model->variant;
  int64_t limit = resnet_largest_chunk(context->model->program);
  if (batch < limit)
    limit = batch;
  int64_t most = unspecialised_chunk(context, limit);
  for (int32_t i = 0; i < variant->num_batches; ++i) {
    const resnet_program_batch *special = &variant->batches[i];
    if (special->batch <= limit && special->batch + special->spare_images > most)
      most = special->batch + special->spare_images;
  }
  return most;
}

/* Grows only: a smaller batch uses the larger one's arena. */
static resnet_status provide_arena(resnet_context *context, int64_t batch) {
  uint64_t bytes;
  bool fits = resnet_arena_bytes(context->model->program, arena_images(context, batch), &bytes);
  if (fits && bytes <= context->arena_bytes)
    return RESNET_OK;
  void *arena = fits ? resnet_map(bytes) : NULL;
  if (!arena) {
    snprintf(context->error, sizeof context->error, "out of memory for the arena of batch %lld (%llu bytes an image)",
             (long long)batch, (unsigned long long)context->model->program->arena_bytes_per_image);
    return RESNET_OUT_OF_MEMORY;
  }
  resnet_unmap(context->arena, context->arena_bytes);
  context->arena = arena;
  context->arena_bytes = bytes;
  return RESNET_OK;
}

resnet_status resnet_context_reserve(resnet_context *context, int64_t batch) {
  resnet_status status = enter(context);
  if (status != RESNET_OK)
    return status;
  if (!resnet_check_batch(context->model->program, batch, context->error, sizeof context->error))
    return leave(context, RESNET_INVALID_ARGUMENT);
  return leave(context, context->device ? resnet_device_provide(context, batch, true) : provide_arena(context, batch));
}

/* "step 3 of 54, "/layer1/conv1" (conv2d_...): reason" */
static void describe_failure(resnet_context *context, const char *reason) {
  const resnet_program *program = context->model->program;
  if (context->step >= 0 && context->step < program->num_steps)
    snprintf(context->error, sizeof context->error, "step %d of %d, \"%.160s\" (%.80s): %s", (int)context->step + 1,
             (int)program->num_steps, context->model->variant->steps[context->step].source,
             context->model->variant->steps[context->step].kernel, reason);
  else
    snprintf(context->error, sizeof context->error, "%s", reason);
}

/* A kernel without assertions does not see that its scratch did not fit (Scratch.c then takes memory elsewhere): told here. */
static bool scratch_overdemanded(resnet_context *context) {
  uint64_t demand = 0;
  for (int32_t i = 0; i < context->num_workers; ++i)
    if (context->workers[i].scratch_demand > demand)
      demand = context->workers[i].scratch_demand;
  if (demand) {
    context->step = -1; /* the kernel that asked is not the last one */
    char reason[RESNET_MESSAGE_BYTES];
    snprintf(reason, sizeof reason, "a kernel demanded %llu bytes of scratch, %llu were planned", (unsigned long long)demand,
             (unsigned long long)context->scratch_bytes);
    describe_failure(context, reason);
  }
  return demand != 0;
}

/* Computes the first images of `left`, by the largest specialised program that fits or by the one for any number, and returns how
 * many. */
static int64_t run_chunk(resnet_context *context, int64_t left, int64_t largest, int32_t *result) {
  const resnet_program_variant *variant = context->model->variant;
  if (left < largest)
    largest = left;
  resnet_program_main main = NULL;
  int64_t images = 0;
  for (int32_t i = 0; i < variant->num_batches && !main; ++i)
    if (variant->batches[i].batch <= largest) {
      images = variant->batches[i].batch;
      main = variant->batches[i].main;
    }
  if (!main) {
    images = unspecialised_chunk(context, largest);
    main = variant->main;
  }
  *result =
      main(&context->workers[0], context->inputs, context->outputs, context->arena, context->model->program->weights, images);
  return images;
}

static void advance_tensors(resnet_context *context, int64_t images) {
  const resnet_program *program = context->model->program;
  for (int32_t i = 0; i < program->num_inputs; ++i)
    context->inputs[i] = (const char *)context->inputs[i] + resnet_image_bytes(&program->inputs[i]) * (uint64_t)images;
  for (int32_t i = 0; i < program->num_outputs; ++i)
    context->outputs[i] = (char *)context->outputs[i] + resnet_image_bytes(&program->outputs[i]) * (uint64_t)images;
}

static int32_t run_on_cpu(resnet_context *context, const resnet_tensor *inputs, const resnet_tensor *outputs, int64_t batch) {
  const resnet_program *program = context->model->program;
  for (int32_t i = 0; i < program->num_inputs; ++i)
    context->inputs[i] = inputs[i].data;
  for (int32_t i = 0; i < program->num_outputs; ++i)
    context->outputs[i] = outputs[i].data;
  unsigned environment = resnet_float_environment_enter();
  const int64_t largest = resnet_largest_chunk(program);
  int32_t result = 0;
  while (batch > 0 && result == 0) {
    const int64_t images = run_chunk(context, batch, largest, &result);
    advance_tensors(context, images);
    batch -= images;
  }
  resnet_float_environment_leave(environment);
  return result;
}

/* A status that is not RESNET_OK, where the device failed and no kernel, has its reason in the context's error. */
static resnet_status run_on_device(resnet_context *context, resnet_data data, const resnet_tensor *inputs,
                                   const resnet_tensor *outputs, int64_t batch, int32_t *result) {
  resnet_error error = {""};
  resnet_status status = data == RESNET_HOST_DATA ? resnet_device_run_staged(context, inputs, outputs, batch, result, &error)
                                                  : resnet_device_run_in_place(context, inputs, outputs, batch, result, &error);
  if (status != RESNET_OK)
    snprintf(context->error, sizeof context->error, "%s", error.message);
  return status;
}

static resnet_status run(resnet_context *context, resnet_data data, const resnet_tensor *inputs, int32_t num_inputs,
                         const resnet_tensor *outputs, int32_t num_outputs) {
  resnet_status status = enter(context);
  if (status != RESNET_OK)
    return status;
  if (data == RESNET_DEVICE_DATA && !context->device) {
    snprintf(context->error, sizeof context->error, "expected a context of a device, found one of the CPU");
    return leave(context, RESNET_INVALID_ARGUMENT);
  }
  int64_t batch;
  status = resnet_check_tensors(context->model->program, data, inputs, num_inputs, outputs, num_outputs, &batch, context->error,
                                sizeof context->error);
  if (status == RESNET_OK)
    status = context->device ? resnet_device_provide(context, batch, data == RESNET_HOST_DATA) : provide_arena(context, batch);
  if (status != RESNET_OK)
    return leave(context, status);

  context->step = -1;
  resnet_worker *caller = &context->workers[0];
  caller->message[0] = 0;
  int32_t result = 0;
  if (context->device)
    status = run_on_device(context, data, inputs, outputs, batch, &result);
  else
    result = run_on_cpu(context, inputs, outputs, batch);

  bool overdemanded = scratch_overdemanded(context);
  if (result != 0 && !overdemanded) {
    char reason[RESNET_MESSAGE_BYTES + 32];
    if (caller->message[0])
      snprintf(reason, sizeof reason, "%s (code %d)", caller->message, (int)result);
    else
      snprintf(reason, sizeof reason, "the kernel returned %d", (int)result);
    describe_failure(context, reason);
  }
  for (int32_t i = 0; i < context->num_workers; ++i)
    resnet_scratch_reset(&context->workers[i]);
  return leave(context, result != 0 || overdemanded ? RESNET_ERROR : status);
}

resnet_status resnet_context_run(resnet_context *context, const resnet_tensor *inputs, int32_t num_inputs,
                                 const resnet_tensor *outputs, int32_t num_outputs) {
  return run(context, RESNET_HOST_DATA, inputs, num_inputs, outputs, num_outputs);
}

resnet_status resnet_context_run_device(resnet_context *context, const resnet_tensor *inputs, int32_t num_inputs,
                                        const resnet_tensor *outputs, int32_t num_outputs) {
  return run(context, RESNET_DEVICE_DATA, inputs, num_inputs, outputs, num_outputs);
}

const char *resnet_context_get_error(const resnet_context *context) { return context ? context->error : ""; }
