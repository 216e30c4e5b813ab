/* Checks of what a host passes in: versioned structs, batches, tensors. Messages name the argument, what was expected and what
 * was found. */

#include "runtime/Internal.h"

#include <stdio.h>
#include <string.h>

static size_t struct_size(const void *versioned) {
  size_t size;
  memcpy(&size, versioned, sizeof size);
  return size;
}

/* Copies what both sides know; false if the size is senseless or the host sets a field that this library does not know. */
bool resnet_read_struct(void *to, size_t known_size, const void *from) {
  size_t size = struct_size(from);
  if (size < sizeof(size_t))
    return false;
  for (size_t i = known_size; i < size; ++i)
    if (((const char *)from)[i] != 0)
      return false;
  memset(to, 0, known_size);
  memcpy(to, from, size < known_size ? size : known_size);
  return true;
}

/* Fills the fields of a result that both sides know, after its struct_size. */
bool resnet_write_struct(void *to, const void *from, size_t known_size) {
  size_t size = struct_size(to);
  if (size < sizeof(size_t))
    return false;
  if (size > known_size)
    size = known_size;
  memcpy((char *)to + sizeof(size_t), (const char *)from + sizeof(size_t), size - sizeof(size_t));
  return true;
}

void resnet_set_error(resnet_error *error, const char *format, ...) {
  if (!error)
    return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
}

uint64_t resnet_image_bytes(const resnet_program_tensor *tensor) {
  uint64_t bytes = sizeof(float);
  for (int32_t d = 1; d < tensor->rank; ++d)
    bytes *= (uint64_t)tensor->shape[d];
  return bytes;
}

/* Kernels index elements in 32 bits. No buffer of an image is larger than the arena's share of it, but for inputs and outputs. */
int64_t resnet_indexed_images(const resnet_program *program) {
  uint64_t elements = program->arena_bytes_per_image / sizeof(float) + 1;
  for (int32_t i = 0; i < program->num_inputs + program->num_outputs; ++i) {
    const resnet_program_tensor *tensor =
        i < program->num_inputs ? &program->inputs[i] : &program->outputs[i - program->num_inputs];
    uint64_t image = resnet_image_bytes(tensor) / sizeof(float);
    elements = image > elements ? image : elements;
  }
  return elements < INT32_MAX ? (int64_t)(INT32_MAX / elements) : 1;
}

int64_t resnet_largest_chunk(const resnet_program *program) {
  int64_t indexed = resnet_indexed_images(program);
  return program->chunk_batch < indexed ? program->chunk_batch : indexed;
}

bool resnet_check_batch(const resnet_program *program, int64_t batch, char *message, size_t message_size) {
  if (program->fixed_batch >= 0 && batch != program->fixed_batch) {
    snprintf(message, message_size, "the model was compiled for batch %lld, not %lld", (long long)program->fixed_batch,
             (long long)batch);
    return false;
  }
  if (batch < 1) {
    snprintf(message, message_size, "expected a batch of at least 1, found %lld", (long long)batch);
    return false;
  }
  return true;
}

static void format_shape(char *text, size_t size, const int64_t *shape, int32_t rank) {
  size_t used = (size_t)snprintf(text, size, "[");
  for (int32_t i = 0; i < rank && used < size; ++i) {
    const char *separator = i ? ", " : "";
    int written = shape[i] == -1 ? snprintf(text + used, size - used, "%s?", separator)
                                 : snprintf(text + used, size - used, "%s%lld", separator, (long long)shape[i]);
    used += (size_t)written;
  }
  if (used < size)
    snprintf(text + used, size - used, "]");
}

/* Checks one tensor; the first one with a dynamic batch sets *batch, which is -1 before. */
static bool check_tensor(const char *role, int32_t index, const resnet_program_tensor *expected, const resnet_tensor *actual,
                         resnet_data data, int64_t *batch, char *message, size_t message_size) {
  char name[160];
  snprintf(name, sizeof name, "%s %d (\"%.120s\")", role, (int)index, expected->name);
  if (actual->dtype != RESNET_F32) {
    snprintf(message, message_size, "%s: expected element type f32 (%d), found %d", name, RESNET_F32, (int)actual->dtype);
    return false;
  }
  if (actual->rank != expected->rank) {
    snprintf(message, message_size, "%s: expected rank %d, found %d", name, (int)expected->rank, (int)actual->rank);
    return false;
  }
  char want[128], have[128];
  format_shape(want, sizeof want, expected->shape, expected->rank);
  format_shape(have, sizeof have, actual->shape, actual->rank);
  uint64_t bytes = sizeof(float);
  for (int32_t d = 0; d < expected->rank; ++d) {
    int64_t extent = actual->shape[d];
    bool dynamic = expected->shape[d] == -1;
    if (dynamic && *batch == -1 && extent >= 1)
      *batch = extent;
    if (extent < 1 || extent != (dynamic ? *batch : expected->shape[d])) {
      if (dynamic && extent >= 1)
        snprintf(message, message_size, "%s: expected batch %lld as in the first tensor, found %lld", name, (long long)*batch,
                 (long long)extent);
      else
        snprintf(message, message_size, "%s: expected shape %s, found %s", name, want, have);
      return false;
    }
    if (__builtin_mul_overflow(bytes, (uint64_t)extent, &bytes)) {
      snprintf(message, message_size, "%s: the size of shape %s overflows", name, have);
      return false;
    }
  }
  if (actual->bytes != bytes) {
    snprintf(message, message_size, "%s: shape %s has %llu bytes, the tensor says %llu", name, have, (unsigned long long)bytes,
             (unsigned long long)actual->bytes);
    return false;
  }
  if (!actual->data) {
    snprintf(message, message_size, "%s: data is NULL", name);
    return false;
  }
  if (data == RESNET_DEVICE_DATA) /* the driver knows the rest */
    return true;
  if ((uintptr_t)actual->data % sizeof(float) != 0) {
    snprintf(message, message_size, "%s: expected data aligned to %zu bytes, found address %p", name, sizeof(float),
             actual->data);
    return false;
  }
  if ((uintptr_t)actual->data > UINTPTR_MAX - bytes) {
    snprintf(message, message_size, "%s: %llu bytes at %p pass the end of the address space", name, (unsigned long long)bytes,
             actual->data);
    return false;
  }
  return true;
}

static bool overlap(resnet_data data, const resnet_tensor *a, const resnet_tensor *b) {
  if (data == RESNET_DEVICE_DATA)
    return a->data == b->data;
  uintptr_t a_begin = (uintptr_t)a->data, b_begin = (uintptr_t)b->data;
  return a_begin < b_begin + b->bytes && b_begin < a_begin + a->bytes;
}

resnet_status resnet_check_tensors(const resnet_program *program, resnet_data data, const resnet_tensor *inputs,
                                   int32_t num_inputs, const resnet_tensor *outputs, int32_t num_outputs, int64_t *batch,
                                   char *message, size_t message_size) {
  if (num_inputs != program->num_inputs || num_outputs != program->num_outputs) {
    snprintf(message, message_size, "expected %d inputs and %d outputs, found %d and %d", (int)program->num_inputs,
             (int)program->num_outputs, (int)num_inputs, (int)num_outputs);
    return RESNET_INVALID_ARGUMENT;
  }
  if ((num_inputs && !inputs) || (num_outputs && !outputs)) {
    snprintf(message, message_size, "the array of %s is NULL", num_inputs && !inputs ? "inputs" : "outputs");
    return RESNET_INVALID_ARGUMENT;
  }
  *batch = -1;
  for (int32_t i = 0; i < num_inputs; ++i)
    if (!check_tensor("input", i, &program->inputs[i], &inputs[i], data, batch, message, message_size))
      return RESNET_INVALID_ARGUMENT;
  for (int32_t i = 0; i < num_outputs; ++i)
    if (!check_tensor("output", i, &program->outputs[i], &outputs[i], data, batch, message, message_size))
      return RESNET_INVALID_ARGUMENT;
  if (*batch == -1) /* nothing is dynamic */
    *batch = program->fixed_batch >= 0 ? program->fixed_batch : 1;
  if (!resnet_check_batch(program, *batch, message, message_size))
    return RESNET_INVALID_ARGUMENT;
  for (int32_t i = 0; i < num_outputs; ++i) {
    for (int32_t j = 0; j < num_inputs; ++j)
      if (overlap(data, &outputs[i], &inputs[j])) {
        snprintf(message, message_size, "output %d overlaps input %d in memory", (int)i, (int)j);
        return RESNET_INVALID_ARGUMENT;
      }
    for (int32_t j = 0; j < i; ++j)
      if (overlap(data, &outputs[i], &outputs[j])) {
        snprintf(message, message_size, "output %d overlaps output %d in memory", (int)i, (int)j);
        return RESNET_INVALID_ARGUMENT;
      }
  }
  return RESNET_OK;
}
