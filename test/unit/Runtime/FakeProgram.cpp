// The fake program and the library's constant `resnet_compiled_program`.

#include "test/unit/Runtime/FakeProgram.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace resnet::test {

std::function<int32_t(const RunArguments &)> body = computeLogits, batchBody = computeLogits;

alignas(64) static const float kWeights[10] = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10};

static RunArguments pack(void *run, const void *const *inputs, void *const *outputs, void *arena, const void *weights,
                         int64_t batch) {
  return {run,
          static_cast<const float *>(inputs[0]),
          static_cast<float *>(outputs[0]),
          static_cast<char *>(arena),
          static_cast<const float *>(weights),
          batch,
          inputs,
          outputs};
}

static int32_t fakeMain(void *run, const void *const *inputs, void *const *outputs, void *arena, const void *weights,
                        int64_t batch) {
  return body(pack(run, inputs, outputs, arena, weights, batch));
}

int32_t batchMain(void *run, const void *const *inputs, void *const *outputs, void *arena, const void *weights, int64_t batch) {
  return batchBody(pack(run, inputs, outputs, arena, weights, batch));
}

static const resnet_program_tensor kInput = {"image", 4, {-1, 3, 4, 4}}, kOutput = {"logits", 2, {-1, 10}};
static const resnet_program_step kSteps[] = {{"conv2d_fake", "/conv1/Conv", "F(2,3)", 1000, 444, 64, 384},
                                             {"head_fake", "/fc/Gemm", "", 500, 500, 40, 232}};
static const resnet_program_variant kVariants[] = {{"x86-64", RESNET_CPU_X86_64, 1024, fakeMain, 0, nullptr, kSteps, nullptr}};

} // namespace resnet::test

extern "C" const resnet_program resnet_compiled_program = {RESNET_PROGRAM_VERSION,
                                                           "fake",
                                                           R"({"compiler": "test"})",
                                                           1,
                                                           1,
                                                           &resnet::test::kInput,
                                                           &resnet::test::kOutput,
                                                           2,
                                                           1,
                                                           resnet::test::kVariants,
                                                           4096,
                                                           resnet::test::kWeights,
                                                           sizeof resnet::test::kWeights,
                                                           "00ff",
                                                           -1,
                                                           128};

namespace resnet::test {

int parallelFor(void *run, int min, int size, const std::function<int(void *, int)> &task) {
  auto call = [](void *context, int index, uint8_t *closure) {
    return (*reinterpret_cast<const std::function<int(void *, int)> *const *>(closure)[0])(context, index);
  };
  const std::function<int(void *, int)> *pointer = &task;
  return halide_do_par_for(run, call, min, size, reinterpret_cast<uint8_t *>(&pointer));
}

int32_t computeLogits(const RunArguments &a) {
  resnet_runtime_step(a.run, 0);
  auto *sums = reinterpret_cast<float *>(a.arena);
  int result = parallelFor(a.run, 0, int(a.batch * 48), [&](void *worker, int i) {
    auto *scratch = static_cast<float *>(halide_malloc(worker, 64 * sizeof(float)));
    for (int k = 0; k < 64; ++k)
      scratch[k] = std::sin(a.input[i] * float(k));
    float sum = 0;
    for (int k = 0; k < 64; ++k)
      sum += scratch[k];
    sums[i] = sum;
    halide_free(worker, scratch);
    return 0;
  });
  if (result)
    return result;
  resnet_runtime_step(a.run, 1);
  result = parallelFor(a.run, 0, int(a.batch * 10), [&](void *, int i) {
    float sum = 0;
    for (int k = 0; k < 48; ++k)
      sum += sums[i / 10 * 48 + k] * a.weights[i % 10] / float(k + 1);
    a.output[i] = sum;
    return 0;
  });
  resnet_runtime_step(a.run, 2);
  return result;
}

Fixture::Fixture()
    : program(resnet_compiled_program), inputs{kInput}, outputs{kOutput}, steps{kSteps, kSteps + 2}, variants{kVariants[0]},
      api(resnet_runtime_query(1)) {
  body = batchBody = computeLogits;
}

Fixture::~Fixture() {
  api->context_destroy(context);
  api->model_destroy(model);
}

resnet_program &Fixture::get() {
  program.inputs = inputs.data();
  program.outputs = outputs.data();
  program.num_inputs = int32_t(inputs.size());
  program.num_outputs = int32_t(outputs.size());
  for (resnet_program_variant &variant : variants)
    variant.steps = steps.data();
  program.num_steps = int32_t(steps.size());
  if (!batches.empty()) {
    variants[0].num_batches = int32_t(batches.size());
    variants[0].batches = batches.data();
  }
  program.variants = variants.data();
  program.num_variants = int32_t(variants.size());
  return program;
}

void Fixture::createModel() {
  resnet_cpu cpu = resnet_cpu_detect();
  resnet_error error;
  ASSERT_EQ(resnet_model_create_for(&get(), &cpu, nullptr, &model, &error), RESNET_OK) << error.message;
}

void Fixture::create(int threads) {
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = threads;
  create(options);
}

void Fixture::create(const resnet_context_options &options) {
  if (!model)
    createModel();
  resnet_error error;
  ASSERT_EQ(api->context_create(model, &options, &context, &error), RESNET_OK) << error.message;
}

resnet_tensor tensor(std::vector<float> &data, std::vector<int64_t> shape) {
  resnet_tensor result{};
  result.data = data.data();
  result.bytes = data.size() * sizeof(float);
  result.dtype = RESNET_F32;
  result.rank = int32_t(shape.size());
  std::copy(shape.begin(), shape.end(), result.shape);
  return result;
}

std::vector<float> image(int64_t batch) {
  std::vector<float> result(size_t(batch * 48));
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = float(i * 37 % 101) / 50.f - 1;
  return result;
}

resnet_status Fixture::run(const std::vector<float> &input, std::vector<float> &output, int64_t batch, resnet_context *on) {
  std::vector<float> copy = input;
  output.assign(size_t(batch * 10), -1.f);
  resnet_tensor in = tensor(copy, {batch, 3, 4, 4}), out = tensor(output, {batch, 10});
  return api->context_run(on ? on : context, &in, 1, &out, 1);
}

} // namespace resnet::test
