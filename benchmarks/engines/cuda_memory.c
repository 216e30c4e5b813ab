/* Four functions of NVIDIA's driver, under the names that cuda.h gives them. */

#include "cuda_memory.h"

#include <dlfcn.h>
#include <string.h>

static void *driver;

static int call(const char *name, uint64_t a, uint64_t b, uint64_t c) {
  int (*function)(uint64_t, uint64_t, uint64_t) = (int (*)(uint64_t, uint64_t, uint64_t))dlsym(driver, name);
  return function ? function(a, b, c) : -1;
}

static uint64_t bits(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

bool cuda_memory_begin(const resnet_api *api, const resnet_model *model) {
  RESNET_INIT(resnet_device_info, info);
  if (api->model_device(model, &info) != RESNET_OK || strcmp(info.target, "cuda") != 0)
    return false;
  driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  return driver && call("cuCtxSetCurrent", bits(info.native_context), 0, 0) == 0;
}

bool cuda_memory_tensor(const resnet_tensor *host, resnet_tensor *device) {
  uint64_t address = 0;
  *device = *host;
  const bool there = call("cuMemAlloc_v2", bits(&address), host->bytes, 0) == 0;
  device->data = (void *)(uintptr_t)address;
  return there;
}

bool cuda_memory_upload(const resnet_tensor *device, const resnet_tensor *host) {
  return call("cuMemcpyHtoD_v2", bits(device->data), bits(host->data), host->bytes) == 0;
}

bool cuda_memory_download(const resnet_tensor *host, const resnet_tensor *device) {
  return call("cuMemcpyDtoH_v2", bits(host->data), bits(device->data), host->bytes) == 0;
}
