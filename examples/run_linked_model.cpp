// Runs a compiled library that the program is linked against, shared or static, with one thread and batches of two where the
// model allows them. RESNET_ENTRY is the library's query function, e.g. -DRESNET_ENTRY=resnet50.

#include "resnet.h"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

RESNET_DECLARE_QUERY(RESNET_ENTRY);

/// The C interface with C++ ownership and exceptions.
class Model {
public:
  explicit Model(resnet_query query, int threads = 0) : api(query(RESNET_API_VERSION)) {
    if (!api)
      throw std::runtime_error("the library does not provide this API version");
    resnet_error error;
    resnet_model *rawModel;
    check(api->model_create(nullptr, &rawModel, &error), error.message);
    model = {rawModel, api->model_destroy};
    RESNET_INIT(resnet_context_options, options);
    options.num_threads = threads;
    resnet_context *rawContext;
    check(api->context_create(rawModel, &options, &rawContext, &error), error.message);
    context = {rawContext, api->context_destroy};
  }

  resnet_tensor_info input() const { return info(api->model_input); }
  resnet_tensor_info output() const { return info(api->model_output); }

  std::vector<float> run(std::vector<float> &values, int64_t batch) {
    resnet_tensor in = describe(input(), values, batch);
    std::vector<float> result(elements(output(), batch));
    resnet_tensor out = describe(output(), result, batch);
    if (api->context_run(context.get(), &in, 1, &out, 1) != RESNET_OK)
      throw std::runtime_error(api->context_error(context.get()));
    return result;
  }

  static size_t elements(const resnet_tensor_info &info, int64_t batch) {
    size_t count = 1;
    for (int32_t i = 0; i < info.rank; ++i)
      count *= size_t(info.shape[i] == -1 ? batch : info.shape[i]);
    return count;
  }

private:
  static void check(resnet_status status, const char *message) {
    if (status != RESNET_OK)
      throw std::runtime_error(message);
  }
  template <typename Function> resnet_tensor_info info(Function function) const {
    RESNET_INIT(resnet_tensor_info, result);
    check(function(model.get(), 0, &result), "the model has no such tensor");
    return result;
  }
  static resnet_tensor describe(const resnet_tensor_info &info, std::vector<float> &values, int64_t batch) {
    resnet_tensor tensor{};
    tensor.data = values.data();
    tensor.bytes = values.size() * sizeof(float);
    tensor.dtype = info.dtype;
    tensor.rank = info.rank;
    for (int32_t i = 0; i < info.rank; ++i)
      tensor.shape[i] = info.shape[i] == -1 ? batch : info.shape[i];
    return tensor;
  }

  const resnet_api *api;
  std::unique_ptr<resnet_model, void (*)(resnet_model *)> model{nullptr, nullptr};
  std::unique_ptr<resnet_context, void (*)(resnet_context *)> context{nullptr, nullptr};
};

int main() {
  try {
    Model model(RESNET_ENTRY, 1);
    int64_t batch = model.input().shape[0] == -1 ? 2 : model.input().shape[0];
    std::vector<float> image(Model::elements(model.input(), batch), 0.5f);
    std::vector<float> result = model.run(image, batch);
    std::printf("%s:", model.output().name);
    for (size_t i = 0; i < result.size() && i < 5; ++i)
      std::printf(" %g", result[i]);
    std::printf(result.size() > 5 ? " ...\n" : "\n");
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "run_linked_model: %s\n", error.what());
    return 1;
  }
}
