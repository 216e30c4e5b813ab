/* The devices that a program has code for, and which of them a model takes. */

#include "runtime/Devices.h"
#include "runtime/Model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Appends to a text that may end early. */
static void append(char *text, size_t size, const char *format, ...) RESNET_PRINTF(3, 4);
static void append(char *text, size_t size, const char *format, ...) {
  size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

static bool contains(const char *text, const char *part) {
  size_t length = strlen(part);
  for (; *text; ++text)
    if (strncasecmp(text, part, length) == 0)
      return true;
  return false;
}

/* Whether the device with this number over all kinds is what `wanted` says. */
static bool matches(const resnet_chosen_device *device, int32_t number, const char *wanted) {
  if (wanted[strspn(wanted, "0123456789")] == 0) /* names have digits too */
    return strtoll(wanted, NULL, 10) == number;
  return strcasecmp(wanted, device->variant->device->name) == 0 || contains(device->description.name, wanted);
}

typedef bool (*device_test)(const resnet_chosen_device *device, int32_t number, const void *wanted);

/* The first device that passes; else what there is is appended to `found`. */
static bool find(const resnet_program *program, device_test test, const void *wanted, resnet_chosen_device *chosen, char *found,
                 size_t size) {
  int32_t number = 0;
  for (int32_t i = 0; i < program->num_variants; ++i) {
    const resnet_program_variant *variant = &program->variants[i];
    if (!variant->device)
      continue;
    int32_t count = 0;
    resnet_error error = {""};
    if (variant->device->count(&count, &error) != RESNET_OK || count == 0) {
      append(found, size, "%s%s: %s", *found ? "; " : "", variant->target, error.message[0] ? error.message : "no device");
      continue;
    }
    for (int32_t index = 0; index < count; ++index, ++number) {
      *chosen = (resnet_chosen_device){.variant = variant, .index = index};
      if (variant->device->describe(index, &chosen->description, &error) != RESNET_OK)
        append(found, size, "%s%d: %s", *found ? "; " : "", (int)number, error.message);
      else if (test(chosen, number, wanted))
        return true;
      else
        append(found, size, "%s%d: %s (%s)", *found ? "; " : "", (int)number, chosen->description.name, variant->target);
    }
  }
  return false;
}

static bool is_wanted(const resnet_chosen_device *device, int32_t number, const void *wanted) {
  return matches(device, number, wanted);
}

static bool is_no_cpu(const resnet_chosen_device *device, int32_t number, const void *wanted) {
  (void)number, (void)wanted;
  return !device->description.is_cpu;
}

static bool is_any(const resnet_chosen_device *device, int32_t number, const void *wanted) {
  (void)device, (void)number, (void)wanted;
  return true;
}

static bool is_numbered(const resnet_chosen_device *device, int32_t number, const void *wanted) {
  (void)device;
  return number == *(const int32_t *)wanted;
}

bool resnet_has_devices(const resnet_program *program) {
  for (int32_t i = 0; i < program->num_variants; ++i)
    if (program->variants[i].device)
      return true;
  return false;
}

bool resnet_find_processor(const resnet_program *program, resnet_chosen_device *chosen) {
  char unused[1] = "";
  return find(program, is_no_cpu, NULL, chosen, unused, sizeof unused);
}

resnet_status resnet_find_device(const resnet_program *program, const char *wanted, resnet_chosen_device *chosen,
                                 resnet_error *error) {
  char found[400] = "";
  if (!resnet_has_devices(program)) {
    resnet_set_error(error, "device \"%.100s\": expected \"cpu\": model \"%.200s\" has code for no other device", wanted,
                     program->name);
    return RESNET_NO_DEVICE;
  }
  if (find(program, wanted ? is_wanted : is_any, wanted, chosen, found, sizeof found))
    return RESNET_OK;
  if (wanted)
    resnet_set_error(error, "device \"%.60s\" is not there; found %.400s", wanted, found);
  else
    resnet_set_error(error, "model \"%.60s\" finds no device for its code: %.400s", program->name, found);
  return RESNET_NO_DEVICE;
}

//===-- Introspection -----------------------------------------------------===//

static resnet_device_info info_of(const resnet_chosen_device *device) {
  resnet_device_info info = {.is_cpu = device->description.is_cpu, .memory_bytes = device->description.memory_bytes};
  snprintf(info.name, sizeof info.name, "%s", device->description.name);
  snprintf(info.target, sizeof info.target, "%s", device->variant->target);
  return info;
}

resnet_status resnet_device_get_info_for(const resnet_program *program, int32_t index, resnet_device_info *info) {
  if (!info || index < 0)
    return RESNET_INVALID_ARGUMENT;
  resnet_chosen_device device;
  char unused[1] = "";
  if (!find(program, is_numbered, &index, &device, unused, sizeof unused))
    return RESNET_NO_DEVICE;
  resnet_device_info known = info_of(&device);
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}

resnet_status resnet_device_get_info(int32_t index, resnet_device_info *info) {
  return resnet_device_get_info_for(&resnet_compiled_program, index, info);
}

resnet_status resnet_model_get_device(const resnet_model *model, resnet_device_info *info) {
  if (!model || !info)
    return RESNET_INVALID_ARGUMENT;
  if (!model->device.open)
    return RESNET_NO_DEVICE;
  resnet_device_info known = info_of(&model->device.chosen);
  model->variant->device->native(model->device.open, &known.native_context, &known.native_device);
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}

//===-- A model's device --------------------------------------------------===//

/* Weights go to the device once; the queue that brought them there is not needed again. */
static resnet_status upload_weights(const resnet_program *program, resnet_model_device *device, resnet_error *error) {
  const resnet_device_api *api = device->chosen.variant->device;
  void *queue;
  resnet_status status = api->queue_create(device->open, &queue, error);
  if (status != RESNET_OK)
    return status;
  status = api->allocate(queue, program->weights_bytes ? program->weights_bytes : sizeof(float), &device->weights, error);
  if (status == RESNET_OK && program->weights_bytes)
    status = api->upload(queue, &device->weights, program->weights, program->weights_bytes, error);
  if (status == RESNET_OK)
    status = api->finish(queue, error);
  api->queue_destroy(queue);
  return status;
}

resnet_status resnet_model_device_open(const resnet_program *program, const resnet_chosen_device *chosen,
                                       resnet_model_device *device, resnet_error *error) {
  *device = (resnet_model_device){.chosen = *chosen};
  resnet_error reason = {""};
  resnet_status status = chosen->variant->device->open(chosen->index, &device->open, &reason);
  if (status == RESNET_OK) {
    resnet_fork_mark_init(&device->fork_mark);
    status = upload_weights(program, device, &reason);
    if (status != RESNET_OK)
      resnet_model_device_close(device);
  }
  if (status != RESNET_OK)
    resnet_set_error(error, "device \"%s\": %.300s", chosen->description.name, reason.message);
  return status;
}

/* Drivers do not survive a fork: a child leaves what it has of them alone. */
void resnet_model_device_close(resnet_model_device *device) {
  if (!device->open)
    return;
  if (!resnet_fork_mark_is_child(&device->fork_mark)) {
    device->chosen.variant->device->release(device->open, &device->weights);
    device->chosen.variant->device->close(device->open);
  }
  resnet_fork_mark_free(&device->fork_mark);
  device->open = NULL;
}
