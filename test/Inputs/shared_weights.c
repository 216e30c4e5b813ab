/* Two processes load LIBRARY (entry: ENTRY) and run it; while both live, each looks at its own memory map. The weights are pages
 * of the file that the processes share: no page of the mapping that holds them may be private to one. Prints, for each process,
 * the weights and what it does not share of the whole library. shared_weights LIBRARY ENTRY */

#include "resnet.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int parent = -1; /* where a process says how it fares: '+' or '-' */

static void fail(const char *what) {
  fprintf(stderr, "error: %s\n", what);
  if (parent >= 0 && write(parent, "-", 1) != 1)
    perror("error");
  exit(1);
}

/* Tells the parent that this process has come so far, and waits for the other one. */
static void meet(int go) {
  char byte;
  if (write(parent, "+", 1) != 1 || read(go, &byte, 1) != 1)
    exit(1);
}

/* Returns the weights' size. */
static uint64_t load_and_run(const char *path, const char *entry) {
  void *library = dlopen(path, RTLD_NOW);
  if (!library)
    fail(dlerror());
  resnet_query query;
  *(void **)&query = dlsym(library, entry);
  const resnet_api *api = query ? query(RESNET_API_VERSION) : NULL;
  if (!api)
    fail("no such entry");
  resnet_model *model;
  resnet_context *context;
  if (api->model_create(NULL, &model, NULL) != RESNET_OK || api->context_create(model, NULL, &context, NULL) != RESNET_OK)
    fail("no context");
  resnet_tensor tensors[2];
  for (int i = 0; i < 2; ++i) {
    RESNET_INIT(resnet_tensor_info, info);
    if ((i ? api->model_output : api->model_input)(model, 0, &info) != RESNET_OK)
      fail("no tensor");
    tensors[i] = (resnet_tensor){.bytes = sizeof(float), .dtype = info.dtype, .rank = info.rank};
    for (int d = 0; d < info.rank; ++d)
      tensors[i].bytes *= (uint64_t)(tensors[i].shape[d] = info.shape[d] < 0 ? 1 : info.shape[d]);
    tensors[i].data = calloc(1, tensors[i].bytes);
  }
  if (api->context_run(context, &tensors[0], 1, &tensors[1], 1) != RESNET_OK)
    fail(api->context_error(context));
  RESNET_INIT(resnet_model_info, info);
  api->model_info(model, &info);
  return info.weights_bytes;
}

static void look(const char *path, uint64_t weights) {
  const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  FILE *maps = fopen("/proc/self/smaps", "r");
  if (!maps)
    fail("no /proc/self/smaps");
  char line[4096];
  int ours = 0, found = 0;
  unsigned long begin, end, kb, size = 0, unshared = 0;
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx ", &begin, &end) == 2) {
      ours = strstr(line, name) != NULL;
      size = end - begin;
      found += ours && size >= weights;
    } else if (ours && (sscanf(line, "Private_Dirty: %lu", &kb) == 1 || sscanf(line, "Private_Clean: %lu", &kb) == 1)) {
      unshared += kb;
      if (size >= weights && kb != 0)
        fail("pages of the weights belong to one process alone");
    } else if (ours && size >= weights && sscanf(line, "Rss: %lu", &kb) == 1 && kb * 1024 < weights / 2) {
      fail("the run has not read the weights where they are mapped");
    }
  }
  fclose(maps);
  if (found != 1)
    fail("expected one mapping of the library that holds the weights");
  printf("weights: %llu kB, not shared: %lu kB of the library\n", (unsigned long long)weights / 1024, unshared);
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("expected a library and its entry");
  int ran[2], go[2][2], status = 0, failed = 0;
  if (pipe(ran) != 0 || pipe(go[0]) != 0 || pipe(go[1]) != 0)
    fail("no pipes");
  for (int i = 0; i < 2; ++i)
    if (fork() == 0) {
      close(go[0][1]);
      close(go[1][1]);
      parent = ran[1];
      uint64_t weights = load_and_run(argv[1], argv[2]);
      meet(go[i][0]);
      look(argv[1], weights);
      fflush(stdout);
      meet(go[i][0]); /* both keep their memory until both have looked */
      _exit(0);
    }
  for (int step = 0; step < 2 && !failed; ++step) {
    char byte;
    for (int i = 0; i < 2 && !failed; ++i)
      failed = read(ran[0], &byte, 1) != 1 || byte != '+';
    for (int i = 0; i < 2 && !failed; ++i)
      failed = write(go[i][1], "+", 1) != 1;
  }
  close(go[0][1]);
  close(go[1][1]);
  while (wait(&status) > 0)
    failed |= status != 0;
  return failed;
}
