/* Runs a compiled library when told to, and says how long each run took, so that a benchmark can let two engines take turns.
 *   resnet-model-server LIBRARY ENTRY THREADS BATCH INPUT OUTPUT
 * INPUT and OUTPUT are raw f32 in the machine's byte order; OUTPUT gets the result of one run at the start. Then, a line each:
 * "ready LOAD FIRST" (the milliseconds until the context was there, and those of the first run), and for every line with a
 * number K on stdin, the milliseconds of K runs. Between the runs nothing runs. Ends with stdin. */

#include "resnet.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void check(int condition, const char *what) {
  if (condition)
    return;
  fprintf(stderr, "resnet-model-server: %s\n", what);
  exit(1);
}

static resnet_tensor make_tensor(const resnet_tensor_info *info, int64_t batch) {
  resnet_tensor tensor = {.bytes = sizeof(float), .dtype = info->dtype, .rank = info->rank};
  for (int i = 0; i < info->rank; ++i) {
    tensor.shape[i] = info->shape[i] < 0 ? batch : info->shape[i];
    tensor.bytes *= (uint64_t)tensor.shape[i];
  }
  tensor.data = malloc(tensor.bytes);
  check(tensor.data != NULL, "out of memory");
  return tensor;
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

int main(int argc, char **argv) {
  check(argc == 7, "expected LIBRARY ENTRY THREADS BATCH INPUT OUTPUT");
  const double begin_load = now_ms();
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  check(library != NULL, library ? "" : dlerror());
  resnet_query query = (resnet_query)dlsym(library, argv[2]);
  check(query != NULL, "the library has no such entry");
  const resnet_api *api = query(RESNET_API_VERSION);
  check(api != NULL, "the library has no such API version");

  resnet_error error;
  resnet_model *model;
  check(api->model_create(NULL, &model, &error) == RESNET_OK, error.message);
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = atoi(argv[3]);
  resnet_context *context;
  check(api->context_create(model, &options, &context, &error) == RESNET_OK, error.message);
  const double load = now_ms() - begin_load;
  RESNET_INIT(resnet_tensor_info, info);
  check(api->model_input(model, 0, &info) == RESNET_OK, "the model has no input");
  resnet_tensor input = make_tensor(&info, atoll(argv[4]));
  check(api->model_output(model, 0, &info) == RESNET_OK, "the model has no output");
  resnet_tensor output = make_tensor(&info, atoll(argv[4]));

  FILE *file = fopen(argv[5], "rb");
  check(file && fread(input.data, 1, input.bytes, file) == input.bytes, "the input cannot be read or is too short");
  fclose(file);
  const double begin_run = now_ms();
  check(api->context_run(context, &input, 1, &output, 1) == RESNET_OK, api->context_error(context));
  const double first_run = now_ms() - begin_run;
  file = fopen(argv[6], "wb");
  check(file && fwrite(output.data, 1, output.bytes, file) == output.bytes && fclose(file) == 0, "the output cannot be written");
  printf("ready %.3f %.3f\n", load, first_run);
  fflush(stdout);

  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    for (int runs = atoi(line); runs > 0; --runs) {
      const double begin = now_ms();
      check(api->context_run(context, &input, 1, &output, 1) == RESNET_OK, api->context_error(context));
      printf("%.4f ", now_ms() - begin);
    }
    puts("");
    fflush(stdout);
  }
  api->context_destroy(context);
  api->model_destroy(model);
  dlclose(library);
  return 0;
}
