/* Tensors in the memory of a model's CUDA device, through the driver's interface. Each function says whether it worked. */

#ifndef RESNET_BENCHMARKS_CUDA_MEMORY_H
#define RESNET_BENCHMARKS_CUDA_MEMORY_H

#include "resnet.h"

#include <stdbool.h>

/* Whether the model is a CUDA device's; then the calling thread's context is the device's from now on. */
bool cuda_memory_begin(const resnet_api *api, const resnet_model *model);

/* A tensor like `host` whose data is the device's, never freed. */
bool cuda_memory_tensor(const resnet_tensor *host, resnet_tensor *device);
bool cuda_memory_upload(const resnet_tensor *device, const resnet_tensor *host);
bool cuda_memory_download(const resnet_tensor *host, const resnet_tensor *device);

#endif
