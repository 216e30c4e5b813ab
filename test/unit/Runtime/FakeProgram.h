// A program as a compiler would make it, written by hand: tests replace its body and its tables.

#ifndef RESNET_TEST_FAKEPROGRAM_H
#define RESNET_TEST_FAKEPROGRAM_H

#include "runtime/EntryPoints.h"
#include "runtime/Model.h"

#include <functional>
#include <string>
#include <vector>

namespace resnet::test {

struct RunArguments {
  void *run;
  const float *input;
  float *output;
  char *arena;
  const float *weights;
  int64_t batch;
  const void *const *inputs;
  void *const *outputs;
};

/// What the fake's main calls, and what batchMain does; set before a run, read by every thread.
extern std::function<int32_t(const RunArguments &)> body, batchBody;

/// For programs of one number of images: the main of a resnet_program_batch.
int32_t batchMain(void *run, const void *const *inputs, void *const *outputs, void *arena, const void *weights, int64_t batch);

/// A model of the fake program with a context. Input [?, 3, 4, 4] "image", output [?, 10] "logits", two steps, 4096 bytes of
/// arena an image, 1024 bytes of scratch a worker, chunks of at most 128 images.
struct Fixture {
  resnet_program program;
  std::vector<resnet_program_tensor> inputs, outputs;
  std::vector<resnet_program_step> steps;
  std::vector<resnet_program_batch> batches; // of the first variant
  std::vector<resnet_program_variant> variants;
  const resnet_api *api;
  resnet_model *model = nullptr;
  resnet_context *context = nullptr;

  Fixture();
  ~Fixture();
  resnet_program &get(); // with its tables
  void createModel();
  void create(int threads);
  void create(const resnet_context_options &options);
  resnet_status run(const std::vector<float> &input, std::vector<float> &output, int64_t batch, resnet_context *on = nullptr);
  std::string error() const { return api->context_error(context); }
};

resnet_tensor tensor(std::vector<float> &data, std::vector<int64_t> shape);
std::vector<float> image(int64_t batch);

/// The default body: two parallel loops over the arena and scratch, whose sums have a fixed order.
int32_t computeLogits(const RunArguments &arguments);

/// halide_do_par_for with a lambda.
int parallelFor(void *run, int min, int size, const std::function<int(void *, int)> &task);

extern "C" {
void resnet_runtime_step(void *run, int32_t index);
}

} // namespace resnet::test

#endif // RESNET_TEST_FAKEPROGRAM_H
