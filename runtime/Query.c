/* The table that a library's one exported function returns, and the note by which tools know such a library without loading it.
 */

#include "runtime/Internal.h"

#include <string.h>

static const char *status_string(resnet_status status) {
  switch (status) {
  case RESNET_OK:
    return "ok";
  case RESNET_ERROR:
    return "a kernel failed";
  case RESNET_INVALID_ARGUMENT:
    return "invalid argument";
  case RESNET_OUT_OF_MEMORY:
    return "out of memory";
  case RESNET_UNSUPPORTED_CPU:
    return "unsupported CPU";
  case RESNET_SYSTEM_ERROR:
    return "system error";
  case RESNET_FORKED:
    return "context made before a fork";
  case RESNET_BUSY:
    return "context in use";
  case RESNET_NO_DEVICE:
    return "no such device";
  }
  return "unknown status";
}

static const resnet_api api_1 = {
    .struct_size = sizeof(resnet_api),
    .version = 1,
    .status_string = status_string,
    .model_create = resnet_model_create,
    .model_destroy = resnet_model_release,
    .model_info = resnet_model_get_info,
    .model_input = resnet_model_get_input,
    .model_output = resnet_model_get_output,
    .model_step = resnet_model_get_step,
    .model_memory = resnet_model_get_memory,
    .context_create = resnet_context_create,
    .context_destroy = resnet_context_destroy,
    .context_reserve = resnet_context_reserve,
    .context_run = resnet_context_run,
    .context_error = resnet_context_get_error,
    .context_info = resnet_context_get_info,
    .profile_enable = resnet_profile_enable,
    .profile_reset = resnet_profile_reset,
    .profile_step = resnet_profile_get_step,
    .device_info = resnet_device_get_info,
    .model_device = resnet_model_get_device,
    .context_run_device = resnet_context_run_device,
};

const resnet_api *resnet_runtime_query(uint32_t version) { return version >= 1 ? &api_1 : NULL; }

/* An ELF note with owner "resnet" and type 1; its content is the API version. Linkers keep notes. */
__attribute__((used, section(".note.resnet"), aligned(4))) static const struct {
  uint32_t name_size, content_size, type;
  char name[8];
  uint32_t api_version;
} note = {sizeof "resnet", sizeof(uint32_t), 1, "resnet", RESNET_API_VERSION};
