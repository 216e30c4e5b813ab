/* Two compiled models in one program: two libraries (arguments: LIBRARY ENTRY LIBRARY ENTRY), or, with FIRST and SECOND defined
 * to their entries, two archives linked in. Each runs alone, after the other, and at the same time as the other on a second
 * thread; its result must be the same to the bit. Prints a hash of each result. */

#include "resnet.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct network {
  const char *name;
  void *library;
  const resnet_api *api;
  resnet_model *model;
  resnet_context *context;
  resnet_tensor input, output;
  float *expected;
} network;

static void check(int condition, const char *name, const char *what) {
  if (condition)
    return;
  fprintf(stderr, "%s: %s\n", name, what);
  exit(1);
}

static resnet_tensor tensor_of(const resnet_tensor_info *info) {
  resnet_tensor tensor = {.bytes = sizeof(float), .dtype = info->dtype, .rank = info->rank};
  for (int i = 0; i < info->rank; ++i) {
    tensor.shape[i] = info->shape[i] < 0 ? 2 : info->shape[i];
    tensor.bytes *= (uint64_t)tensor.shape[i];
  }
  tensor.data = malloc(tensor.bytes);
  return tensor;
}

static void open_network(network *net, resnet_query query) {
  net->api = query(RESNET_API_VERSION);
  check(net->api != NULL, net->name, "no such API version");
  resnet_error error;
  check(net->api->model_create(NULL, &net->model, &error) == RESNET_OK, net->name, error.message);
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = 2;
  check(net->api->context_create(net->model, &options, &net->context, &error) == RESNET_OK, net->name, error.message);
  RESNET_INIT(resnet_tensor_info, info);
  net->api->model_input(net->model, 0, &info);
  net->input = tensor_of(&info);
  net->api->model_output(net->model, 0, &info);
  net->output = tensor_of(&info);
  float *values = net->input.data;
  for (uint64_t i = 0; i < net->input.bytes / sizeof(float); ++i)
    values[i] = (float)(i * 2654435761u % 1000) / 500 - 1;
}

static void *run(void *argument) {
  network *net = argument;
  memset(net->output.data, 0xff, net->output.bytes);
  check(net->api->context_run(net->context, &net->input, 1, &net->output, 1) == RESNET_OK, net->name,
        net->api->context_error(net->context));
  if (!net->expected) {
    net->expected = malloc(net->output.bytes);
    memcpy(net->expected, net->output.data, net->output.bytes);
  }
  check(memcmp(net->expected, net->output.data, net->output.bytes) == 0, net->name, "the result changed");
  return NULL;
}

static void close_network(network *net) {
  uint64_t hash = 14695981039346656037u;
  for (uint64_t i = 0; i < net->output.bytes; ++i)
    hash = (hash ^ ((unsigned char *)net->expected)[i]) * 1099511628211u;
  printf("%016llx\n", (unsigned long long)hash);
  net->api->context_destroy(net->context);
  net->api->model_destroy(net->model);
  free(net->input.data);
  free(net->output.data);
  free(net->expected);
  if (net->library)
    check(dlclose(net->library) == 0, net->name, "cannot be unloaded");
}

#ifdef FIRST
RESNET_DECLARE_QUERY(FIRST);
RESNET_DECLARE_QUERY(SECOND);
#endif

static resnet_query find_query(network *net, char **arguments) {
#ifdef FIRST
  (void)arguments;
  return net->name[0] == 'f' ? FIRST : SECOND;
#else
  net->library = dlopen(arguments[0], RTLD_NOW | RTLD_LOCAL);
  check(net->library != NULL, net->name, "cannot be loaded");
  resnet_query query = (resnet_query)dlsym(net->library, arguments[1]);
  check(query != NULL, net->name, "has no such entry");
  return query;
#endif
}

int main(int argc, char **argv) {
#ifndef FIRST
  check(argc == 5, argv[0], "expected LIBRARY ENTRY LIBRARY ENTRY");
#endif
  (void)argc;
  network first = {.name = "first"}, second = {.name = "second"};
  open_network(&first, find_query(&first, argv + 1));
  run(&first);
  open_network(&second, find_query(&second, argv + 3));
  for (int i = 0; i < 3; ++i) {
    run(&second);
    run(&first);
  }
  for (int i = 0; i < 5; ++i) {
    pthread_t thread;
    check(pthread_create(&thread, NULL, run, &second) == 0, "second", "no thread");
    run(&first);
    pthread_join(thread, NULL);
  }
  close_network(&first);
  run(&second);
  close_network(&second);
  return 0;
}
