/* The model: which variant of the compiled program this CPU runs, and everything that can be asked about it. Immutable after
 * creation but for its count of references. */

#include "runtime/DeviceRun.h"
#include "runtime/Devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int32_t psabi_level(int32_t cpu_level) {
  switch (cpu_level) {
  case RESNET_CPU_X86_64:
    return 1;
  case RESNET_CPU_X86_64_V3:
    return 3;
  case RESNET_CPU_X86_64_V4:
    return 4;
  }
  return 0;
}

/* CPU variants are listed from the most demanding; what the last one lacks is what the message names. NULL, without a message:
 * there is none at all. */
static const resnet_program_variant *choose_for_cpu(const resnet_program *program, const resnet_cpu *cpu, int32_t max_level,
                                                    resnet_error *error) {
  char missing[320] = "";
  const char *least = NULL;
  for (int32_t i = 0; i < program->num_variants; ++i) {
    const resnet_program_variant *variant = &program->variants[i];
    if (variant->device)
      continue;
    int32_t level = psabi_level(variant->cpu_level);
    least = variant->target;
    if (level == 0)
      snprintf(missing, sizeof missing, "level %d is unknown to the runtime", (int)variant->cpu_level);
    else if (max_level && level > max_level)
      snprintf(missing, sizeof missing, "max_cpu_level allows x86-64-v%d only", (int)max_level);
    else if (resnet_cpu_has_level(cpu, level, missing, sizeof missing))
      return variant;
  }
  if (least)
    resnet_set_error(error, "model \"%s\" needs a CPU with %s; missing here: %s", program->name, least, missing);
  return NULL;
}

/* Without a word from the host: a device that is another processor, else the CPU, else whatever device runs kernels. */
static resnet_status choose(const resnet_program *program, const resnet_cpu *cpu, const resnet_model_options *options,
                            resnet_chosen_device *chosen, resnet_error *error) {
  const char *wanted = options->device && options->device[0] ? options->device : NULL;
  const bool wants_cpu = wanted ? strcasecmp(wanted, "cpu") == 0 : options->max_cpu_level != 0;
  if (wanted && !wants_cpu)
    return resnet_find_device(program, wanted, chosen, error);
  const bool has_devices = resnet_has_devices(program);
  if (!wants_cpu && has_devices && resnet_find_processor(program, chosen))
    return RESNET_OK;
  resnet_error reason = {""};
  chosen->variant = choose_for_cpu(program, cpu, options->max_cpu_level, &reason);
  if (chosen->variant)
    return RESNET_OK;
  if (!wants_cpu && has_devices)
    return resnet_find_device(program, NULL, chosen, error);
  if (reason.message[0]) {
    resnet_set_error(error, "%s", reason.message);
    return RESNET_UNSUPPORTED_CPU;
  }
  resnet_set_error(error, "model \"%s\" has code for devices only, not for a CPU", program->name);
  return RESNET_NO_DEVICE;
}

resnet_status resnet_model_create_for(const resnet_program *program, const resnet_cpu *cpu, const resnet_model_options *options,
                                      resnet_model **model, resnet_error *error) {
  if (error)
    error->message[0] = 0;
  if (!model) {
    resnet_set_error(error, "model is NULL");
    return RESNET_INVALID_ARGUMENT;
  }
  *model = NULL;
  resnet_model_options known = {.struct_size = sizeof known};
  if (options && !resnet_read_struct(&known, sizeof known, options)) {
    resnet_set_error(error, "resnet_model_options: struct_size is wrong, or a field is set that this library does not know");
    return RESNET_INVALID_ARGUMENT;
  }
  if (known.max_cpu_level < 0 || known.max_cpu_level > 4) {
    resnet_set_error(error, "max_cpu_level: expected 0 to 4, found %d", (int)known.max_cpu_level);
    return RESNET_INVALID_ARGUMENT;
  }
  if (program->version != RESNET_PROGRAM_VERSION) {
    resnet_set_error(error, "the compiled program has version %u, its runtime expects %u", (unsigned)program->version,
                     (unsigned)RESNET_PROGRAM_VERSION);
    return RESNET_INVALID_ARGUMENT;
  }

  resnet_chosen_device chosen = {.variant = NULL};
  resnet_status status = choose(program, cpu, &known, &chosen, error);
  if (status != RESNET_OK)
    return status;
  resnet_model *made = calloc(1, sizeof *made);
  if (!made) {
    resnet_set_error(error, "out of memory for a model");
    return RESNET_OUT_OF_MEMORY;
  }
  made->program = program;
  made->variant = chosen.variant;
  made->cpu_level = psabi_level(chosen.variant->cpu_level);
  atomic_init(&made->references, 1);
  if (chosen.variant->device)
    status = resnet_model_device_open(program, &chosen, &made->device, error);
  if (status != RESNET_OK) {
    free(made);
    return status;
  }
  *model = made;
  return RESNET_OK;
}

resnet_status resnet_model_create(const resnet_model_options *options, resnet_model **model, resnet_error *error) {
  resnet_cpu cpu = resnet_cpu_detect();
  return resnet_model_create_for(&resnet_compiled_program, &cpu, options, model, error);
}

void resnet_model_release(resnet_model *model) {
  if (!model || atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) != 1)
    return;
  resnet_model_device_close(&model->device);
  free(model);
}

resnet_status resnet_model_get_info(const resnet_model *model, resnet_model_info *info) {
  if (!model || !info)
    return RESNET_INVALID_ARGUMENT;
  const resnet_program *program = model->program;
  resnet_model_info known = {.name = program->name,
                             .target = model->variant->target,
                             .description = program->description,
                             .weights_hash = program->weights_hash,
                             .weights_bytes = program->weights_bytes,
                             .fixed_batch = program->fixed_batch,
                             .num_inputs = program->num_inputs,
                             .num_outputs = program->num_outputs,
                             .num_steps = program->num_steps,
                             .cpu_level = model->cpu_level,
                             .device = model->device.open ? model->device.chosen.description.name : "cpu"};
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}

static resnet_status tensor_info(const resnet_program_tensor *tensors, int32_t count, int32_t index, resnet_tensor_info *info) {
  if (!info || index < 0 || index >= count)
    return RESNET_INVALID_ARGUMENT;
  resnet_tensor_info known = {.name = tensors[index].name, .dtype = RESNET_F32, .rank = tensors[index].rank};
  memcpy(known.shape, tensors[index].shape, sizeof(int64_t) * (size_t)known.rank);
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}

resnet_status resnet_model_get_input(const resnet_model *model, int32_t index, resnet_tensor_info *info) {
  if (!model)
    return RESNET_INVALID_ARGUMENT;
  return tensor_info(model->program->inputs, model->program->num_inputs, index, info);
}

resnet_status resnet_model_get_output(const resnet_model *model, int32_t index, resnet_tensor_info *info) {
  if (!model)
    return RESNET_INVALID_ARGUMENT;
  return tensor_info(model->program->outputs, model->program->num_outputs, index, info);
}

resnet_status resnet_model_get_step(const resnet_model *model, int32_t index, resnet_step_info *info) {
  if (!model || !info || index < 0 || index >= model->program->num_steps)
    return RESNET_INVALID_ARGUMENT;
  const resnet_program_step *step = &model->variant->steps[index];
  resnet_step_info known = {.kernel = step->kernel,
                            .source = step->source,
                            .flops_per_image = step->flops_per_image,
                            .algorithm = step->algorithm,
                            .performed_flops_per_image = step->performed_flops_per_image,
                            .weights_bytes = (uint64_t)step->weights_bytes,
                            .activation_bytes_per_image = (uint64_t)step->activation_bytes_per_image};
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}

int64_t resnet_most_arena_images(const resnet_model *model, int64_t batch) {
  if (model->device.open) {
    const int64_t largest = resnet_device_largest_chunk(model);
    return batch < largest ? batch : largest;
  }
  const int64_t chunk = resnet_largest_chunk(model->program);
  int64_t most = batch < chunk ? batch : chunk;
  for (int32_t i = 0; i < model->variant->num_batches; ++i) {
    const resnet_program_batch *special = &model->variant->batches[i];
    if (special->batch <= chunk && special->batch <= batch && special->batch + special->spare_images > most)
      most = special->batch + special->spare_images;
  }
  return most;
}

resnet_status resnet_model_get_memory(const resnet_model *model, int64_t batch, resnet_memory_info *info) {
  char message[RESNET_MESSAGE_BYTES];
  resnet_memory_info known = {0};
  if (!model || !info || !resnet_check_batch(model->program, batch, message, sizeof message) ||
      !resnet_arena_bytes(model->program, resnet_most_arena_images(model, batch), &known.arena_bytes))
    return RESNET_INVALID_ARGUMENT;
  known.scratch_bytes = model->variant->scratch_bytes;
  return resnet_write_struct(info, &known, sizeof known) ? RESNET_OK : RESNET_INVALID_ARGUMENT;
}
