/* The clock of steps. The host program calls resnet_runtime_step before each launch and once after the last, so one reading ends
 * a step and begins the next. On a device, where launches only enter a queue, readings are the device's. */

#define _GNU_SOURCE
#include "runtime/DeviceRun.h"

#include <string.h>
#include <time.h>

uint64_t resnet_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void resnet_runtime_step(void *run, int32_t index) {
  resnet_context *context = ((resnet_worker *)run)->context;
  if (context->profiling && context->device) {
    resnet_device_mark_step(context, index);
  } else if (context->profiling) {
    uint64_t now = resnet_now_ns();
    int32_t ended = context->step;
    if (ended >= 0 && ended < context->model->program->num_steps) {
      context->times[ended].total_ns += now - context->step_begin;
      context->times[ended].count += 1;
    }
    context->step_begin = now;
  }
  context->step = index;
}

resnet_status resnet_profile_enable(resnet_context *context, int32_t enable) {
  if (!context)
    return RESNET_INVALID_ARGUMENT;
  if (resnet_fork_mark_is_child(&context->fork_mark))
    return RESNET_FORKED;
  context->profiling = enable != 0;
  return RESNET_OK;
}

resnet_status resnet_profile_reset(resnet_context *context) {
  if (!context)
    return RESNET_INVALID_ARGUMENT;
  if (resnet_fork_mark_is_child(&context->fork_mark))
    return RESNET_FORKED;
  memset(context->times, 0, sizeof *context->times * (size_t)context->model->program->num_steps);
  return RESNET_OK;
}

resnet_status resnet_profile_get_step(const resnet_context *context, int32_t index, resnet_step_profile *profile) {
  if (!context || !profile)
    return RESNET_INVALID_ARGUMENT;
  if (resnet_fork_mark_is_child(&context->fork_mark))
    return RESNET_FORKED;
  if (index < 0 || index >= context->model->program->num_steps)
    return RESNET_INVALID_ARGUMENT;
  resnet_step_profile known = {.total_ns = context->times[index].total_ns, .count = context->times[index].count};
  return resnet_write_struct(profile, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}
