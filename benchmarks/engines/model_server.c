/* Runs a compiled library when told to, and says how long each run took, so that a benchmark can let two engines take turns.
 *   resnet-model-server LIBRARY ENTRY THREADS BATCH INPUT OUTPUT DEVICE
 * On a CUDA device the tensors of all runs are in its memory. INPUT and OUTPUT are raw f32 in the machine's byte order; OUTPUT
 * gets the result of one run at the start. Then, a line each: "ready LOAD FIRST" (the milliseconds until the context was there,
 * and those of the first run), and for every line with a number K on stdin, the milliseconds of K runs. Between the runs nothing
 * runs. Ends with stdin. */

#include "cuda_memory.h"
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

/* What is run: in the host's memory, or copies of it on a device. */
typedef struct session {
  const resnet_api *api;
  resnet_context *context;
  bool on_device;
  resnet_tensor input, output, device_input, device_output;
} session;

static void run(const session *s) {
  const resnet_status status = s->on_device ? s->api->context_run_device(s->context, &s->device_input, 1, &s->device_output, 1)
                                            : s->api->context_run(s->context, &s->input, 1, &s->output, 1);
  check(status == RESNET_OK, s->api->context_error(s->context));
}

int main(int argc, char **argv) {
  check(argc == 8, "expected LIBRARY ENTRY THREADS BATCH INPUT OUTPUT DEVICE");
  const double begin_load = now_ms();
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  check(library != NULL, library ? "" : dlerror());
  resnet_query query = (resnet_query)dlsym(library, argv[2]);
  check(query != NULL, "the library has no such entry");
  const resnet_api *api = query(RESNET_API_VERSION);
  check(api != NULL, "the library has no such API version");

  resnet_error error;
  resnet_model *model;
  RESNET_INIT(resnet_model_options, model_options);
  model_options.device = argv[7];
  check(api->model_create(&model_options, &model, &error) == RESNET_OK, error.message);
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = atoi(argv[3]);
  session s = {.api = api};
  check(api->context_create(model, &options, &s.context, &error) == RESNET_OK, error.message);
  const double load = now_ms() - begin_load;
  RESNET_INIT(resnet_tensor_info, info);
  check(api->model_input(model, 0, &info) == RESNET_OK, "the model has no input");
  s.input = make_tensor(&info, atoll(argv[4]));
  check(api->model_output(model, 0, &info) == RESNET_OK, "the model has no output");
  s.output = make_tensor(&info, atoll(argv[4]));

  FILE *file = fopen(argv[5], "rb");
  check(file && fread(s.input.data, 1, s.input.bytes, file) == s.input.bytes, "the input cannot be read or is too short");
  fclose(file);
  s.on_device = cuda_memory_begin(api, model);
  if (s.on_device)
    check(cuda_memory_tensor(&s.input, &s.device_input) && cuda_memory_tensor(&s.output, &s.device_output) &&
              cuda_memory_upload(&s.device_input, &s.input),
          "the device's memory cannot be had");
  const double begin_run = now_ms();
  run(&s);
  const double first_run = now_ms() - begin_run;
  check(!s.on_device || cuda_memory_download(&s.output, &s.device_output), "the device's memory cannot be read");
  file = fopen(argv[6], "wb");
  check(file && fwrite(s.output.data, 1, s.output.bytes, file) == s.output.bytes && fclose(file) == 0,
        "the output cannot be written");
  printf("ready %.3f %.3f\n", load, first_run);
  fflush(stdout);

  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    for (int runs = atoi(line); runs > 0; --runs) {
      const double begin = now_ms();
      run(&s);
      printf("%.4f ", now_ms() - begin);
    }
    puts("");
    fflush(stdout);
  }
  api->context_destroy(s.context);
  api->model_destroy(model);
  dlclose(library);
  return 0;
}
