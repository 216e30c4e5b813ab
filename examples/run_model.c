/* Loads a compiled library, runs it once on zeros and prints the first outputs.
 *   run_model ./libresnet50.so resnet50
 * C11; needs resnet.h and dlopen. */

#include "resnet.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* Describes a tensor for a batch of one (or the model's own) and allocates its memory. */
static resnet_tensor make_tensor(const resnet_tensor_info *info) {
  resnet_tensor tensor = {.dtype = info->dtype, .rank = info->rank};
  uint64_t elements = 1;
  for (int32_t i = 0; i < info->rank; ++i) {
    tensor.shape[i] = info->shape[i] == -1 ? 1 : info->shape[i];
    elements *= (uint64_t)tensor.shape[i];
  }
  tensor.bytes = elements * sizeof(float);
  tensor.data = calloc(elements, sizeof(float));
  return tensor;
}

static int run(const resnet_api *api, resnet_model *model, resnet_context *context) {
  RESNET_INIT(resnet_tensor_info, in);
  RESNET_INIT(resnet_tensor_info, out);
  if (api->model_input(model, 0, &in) != RESNET_OK || api->model_output(model, 0, &out) != RESNET_OK)
    return 1;
  resnet_tensor input = make_tensor(&in), output = make_tensor(&out);
  int result = 1;
  if (!input.data || !output.data)
    fprintf(stderr, "run_model: out of memory\n");
  else if (api->context_run(context, &input, 1, &output, 1) != RESNET_OK)
    fprintf(stderr, "run_model: %s\n", api->context_error(context));
  else {
    const float *values = output.data;
    uint64_t count = output.bytes / sizeof(float);
    printf("%s:", out.name);
    for (uint64_t i = 0; i < count && i < 5; ++i)
      printf(" %g", values[i]);
    printf(count > 5 ? " ...\n" : "\n");
    result = 0;
  }
  free(input.data);
  free(output.data);
  return result;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: run_model LIBRARY ENTRY\n");
    return 2;
  }
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "run_model: %s\n", dlerror());
    return 1;
  }
  /* ISO C has no conversion of an object pointer to a function pointer; POSIX defines this one. */
  resnet_query query;
  *(void **)&query = dlsym(library, argv[2]);
  const resnet_api *api = query ? query(RESNET_API_VERSION) : NULL;
  if (!api) {
    fprintf(stderr, "run_model: %s\n", query ? "the library does not provide this API version" : dlerror());
    dlclose(library);
    return 1;
  }

  int result = 1;
  resnet_error error;
  resnet_model *model;
  resnet_context *context = NULL;
  if (api->model_create(NULL, &model, &error) != RESNET_OK || api->context_create(model, NULL, &context, &error) != RESNET_OK)
    fprintf(stderr, "run_model: %s\n", error.message);
  else
    result = run(api, model, context);
  api->context_destroy(context);
  api->model_destroy(model);
  dlclose(library);
  return result;
}
