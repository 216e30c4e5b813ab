// Loading a compiled library and running it through its C interface.

#include "tools/resnet-run/Library.h"

#include <cstddef>
#include <dlfcn.h>
#include <random>

using namespace llvm;

namespace resnet {

std::vector<int64_t> TensorInfo::at(int64_t batch) const {
  std::vector<int64_t> result = shape;
  for (int64_t &extent : result)
    if (extent == -1)
      extent = batch;
  return result;
}

int64_t TensorInfo::elements(int64_t batch) const {
  int64_t count = 1;
  for (int64_t extent : at(batch))
    count *= extent;
  return count;
}

static TensorInfo tensorInfo(const resnet_tensor_info &info) { return {info.name, {info.shape, info.shape + info.rank}}; }

static bool hasDevices(const resnet_api &api) { return api.struct_size > offsetof(resnet_api, device_info); }

std::vector<resnet_device_info> Library::devices() const {
  std::vector<resnet_device_info> found;
  RESNET_INIT(resnet_device_info, info);
  for (int32_t i = 0; hasDevices(*table) && table->device_info(i, &info) == RESNET_OK; ++i)
    found.push_back(info);
  return found;
}

Expected<std::unique_ptr<Library>> Library::open(const LibraryOptions &options) {
  Expected<std::string> entry = findEntry(options.path, options.entry);
  if (!entry)
    return entry.takeError();
  std::unique_ptr<Library> library(new Library);
  // dlopen searches the system's folders for a name without a slash.
  std::string path = StringRef(options.path).contains('/') ? options.path : "./" + options.path;
  library->loaded = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->loaded)
    return createStringError("cannot load " + std::string(dlerror()));
  auto query = reinterpret_cast<resnet_query>(dlsym(library->loaded, entry->c_str()));
  if (!query)
    return createStringError("cannot load " + std::string(dlerror()));
  library->table = query(RESNET_API_VERSION);
  if (!library->table)
    return createStringError("'" + options.path + "': provides no API version up to " + std::to_string(RESNET_API_VERSION));

  RESNET_INIT(resnet_model_options, modelOptions);
  modelOptions.max_cpu_level = options.maxCpuLevel;
  resnet_error error;
  const resnet_api &api = *library->table;
  // A library that knows no devices refuses the option.
  if (!options.device.empty() && (hasDevices(api) || options.device != "cpu"))
    modelOptions.device = options.device.c_str();
  if (api.model_create(&modelOptions, &library->handle, &error) != RESNET_OK)
    return createStringError("'" + options.path + "': " + error.message);
  library->modelInfo.struct_size = sizeof library->modelInfo;
  api.model_info(library->handle, &library->modelInfo);
  for (int32_t i = 0; i < library->modelInfo.num_inputs; ++i) {
    RESNET_INIT(resnet_tensor_info, info);
    api.model_input(library->handle, i, &info);
    library->inputInfos.push_back(tensorInfo(info));
  }
  for (int32_t i = 0; i < library->modelInfo.num_outputs; ++i) {
    RESNET_INIT(resnet_tensor_info, info);
    api.model_output(library->handle, i, &info);
    library->outputInfos.push_back(tensorInfo(info));
  }
  return library;
}

Library::~Library() {
  if (handle)
    table->model_destroy(handle);
  if (loaded)
    dlclose(loaded);
}

resnet_step_info Library::step(int32_t index) const {
  RESNET_INIT(resnet_step_info, info);
  table->model_step(handle, index, &info);
  return info;
}

int64_t Library::flopsPerImage() const {
  int64_t total = 0;
  for (int32_t i = 0; i < modelInfo.num_steps; ++i)
    total += step(i).flops_per_image;
  return total;
}

Expected<int64_t> Library::batch(int64_t asked) const {
  int64_t fixed = modelInfo.fixed_batch;
  if (asked == 0)
    return fixed > 0 ? fixed : 1;
  if (fixed > 0 && asked != fixed)
    return createStringError("the model was compiled for batch " + std::to_string(fixed) + ", not " + std::to_string(asked));
  RESNET_INIT(resnet_memory_info, memory);
  if (table->model_memory(handle, asked, &memory) != RESNET_OK)
    return createStringError("a batch of " + std::to_string(asked) + " is too large");
  return asked;
}

Expected<std::unique_ptr<Session>> Session::create(const Library &library, int threads, bool pin) {
  std::unique_ptr<Session> session(new Session(library));
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = threads;
  options.pin_threads = pin;
  resnet_error error;
  if (library.api().context_create(library.model(), &options, &session->handle, &error) != RESNET_OK)
    return createStringError(error.message);
  return session;
}

Session::~Session() { lib.api().context_destroy(handle); }

int Session::threads() const {
  RESNET_INIT(resnet_context_info, info);
  lib.api().context_info(handle, &info);
  return info.num_threads;
}

static void makeTensors(ArrayRef<TensorInfo> infos, int64_t batch, std::vector<std::vector<float>> &buffers,
                        std::vector<resnet_tensor> &tensors) {
  buffers.clear();
  tensors.clear();
  for (const TensorInfo &info : infos) {
    std::vector<int64_t> shape = info.at(batch);
    buffers.emplace_back(info.elements(batch));
    resnet_tensor tensor{};
    tensor.data = buffers.back().data();
    tensor.bytes = buffers.back().size() * sizeof(float);
    tensor.dtype = RESNET_F32;
    tensor.rank = int32_t(shape.size());
    std::copy(shape.begin(), shape.end(), tensor.shape);
    tensors.push_back(tensor);
  }
}

void Session::resize(int64_t batch) {
  if (batch == currentBatch)
    return;
  currentBatch = batch;
  makeTensors(lib.inputs(), batch, inputs, inputTensors);
  makeTensors(lib.outputs(), batch, outputs, outputTensors);
}

void Session::fillRandom(uint32_t seed) {
  std::mt19937 generator(seed);
  for (std::vector<float> &input : inputs)
    for (float &value : input)
      value = float(generator() >> 8) * (2.f / 16777216.f) - 1.f;
}

Error Session::run() {
  resnet_status status = lib.api().context_run(handle, inputTensors.data(), int32_t(inputTensors.size()), outputTensors.data(),
                                               int32_t(outputTensors.size()));
  if (status == RESNET_OK)
    return Error::success();
  const char *message = lib.api().context_error(handle);
  return createStringError(message[0] ? message : lib.api().status_string(status));
}

} // namespace resnet
