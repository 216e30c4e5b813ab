// --describe: what is in a library, for people or as one JSON object.

#include "tools/resnet-run/Commands.h"
#include "tools/resnet-run/Npy.h"
#include "tools/resnet-run/OutputFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <set>

using namespace llvm;

namespace resnet {

static std::string formatBytes(uint64_t bytes) {
  std::string text;
  raw_string_ostream out(text);
  if (bytes < 10000)
    out << bytes << " bytes";
  else if (bytes < 10000000)
    out << format("%.1f kB", double(bytes) * 1e-3);
  else
    out << format("%.1f MB", double(bytes) * 1e-6);
  return text;
}

static void writeTensors(json::OStream &json, StringRef key, ArrayRef<TensorInfo> tensors) {
  json.attributeArray(key, [&] {
    for (const TensorInfo &tensor : tensors)
      json.object([&] {
        json.attribute("name", tensor.name);
        json.attribute("dtype", "f32");
        json.attributeArray("shape", [&] {
          for (int64_t extent : tensor.shape)
            json.value(extent);
        });
      });
  });
}

void writeStepInfo(json::OStream &json, const resnet_step_info &step) {
  json.attribute("source", step.source);
  json.attribute("kernel", step.kernel);
  json.attribute("flops_per_image", step.flops_per_image);
  if (!step.algorithm)
    return;
  json.attribute("algorithm", step.algorithm);
  json.attribute("performed_flops_per_image", step.performed_flops_per_image);
  json.attribute("weights_bytes", int64_t(step.weights_bytes));
  json.attribute("activation_bytes_per_image", int64_t(step.activation_bytes_per_image));
}

static std::string valueText(const json::Value &value) {
  if (std::optional<StringRef> string = value.getAsString())
    return string->str();
  std::string text;
  raw_string_ostream(text) << value;
  return text;
}

Error describe(const Library &library, const RunOptions &options) {
  const resnet_model_info &info = library.info();
  Expected<int64_t> batch = library.batch(options.batch);
  if (!batch)
    return batch.takeError();
  RESNET_INIT(resnet_memory_info, memory);
  library.api().model_memory(library.model(), *batch, &memory);
  std::set<std::string> kernels;
  for (int32_t i = 0; i < info.num_steps; ++i)
    kernels.insert(library.step(i).kernel);
  Expected<json::Value> description = json::parse(info.description);
  if (!description)
    return createStringError("the library's description is no JSON: " + toString(description.takeError()));

  std::string text;
  raw_string_ostream out(text);
  if (options.json) {
    json::OStream json(out, 2);
    json.object([&] {
      json.attribute("name", info.name);
      json.attribute("api_version", int64_t(library.api().version));
      json.attribute("target", info.target);
      json.attribute("device", library.device());
      json.attributeArray("devices", [&] {
        for (const resnet_device_info &device : library.devices())
          json.object([&] {
            json.attribute("name", device.name);
            json.attribute("target", device.target);
            json.attribute("is_cpu", device.is_cpu != 0);
            json.attribute("memory_bytes", int64_t(device.memory_bytes));
          });
      });
      if (const json::Object *object = description->getAsObject())
        if (const json::Value *compiler = object->get("compiler"))
          json.attribute("compiler", *compiler);
      writeTensors(json, "inputs", library.inputs());
      writeTensors(json, "outputs", library.outputs());
      json.attribute("fixed_batch", info.fixed_batch);
      json.attribute("weights_bytes", int64_t(info.weights_bytes));
      json.attribute("weights_hash", info.weights_hash);
      json.attribute("batch", *batch);
      json.attribute("arena_bytes", int64_t(memory.arena_bytes));
      json.attribute("scratch_bytes", int64_t(memory.scratch_bytes));
      json.attribute("flops_per_image", library.flopsPerImage());
      json.attribute("kernels", int64_t(kernels.size()));
      json.attributeArray("steps", [&] {
        for (int32_t i = 0; i < info.num_steps; ++i)
          json.object([&] { writeStepInfo(json, library.step(i)); });
      });
      json.attribute("description", *description);
    });
    out << '\n';
    return writeStdout(text);
  }

  out << "model      " << info.name << '\n' << "target     " << info.target << '\n' << "device     " << library.device() << '\n';
  for (const auto &[number, device] : enumerate(library.devices()))
    out << "device " << format("%-3d ", int(number)) << device.name << " (" << device.target << ", "
        << formatBytes(device.memory_bytes) << ")\n";
  for (const TensorInfo &tensor : library.inputs())
    out << "input      " << tensor.name << " f32 " << formatShape(tensor.shape) << '\n';
  for (const TensorInfo &tensor : library.outputs())
    out << "output     " << tensor.name << " f32 " << formatShape(tensor.shape) << '\n';
  out << "batch      " << (info.fixed_batch > 0 ? std::to_string(info.fixed_batch) : "any") << '\n'
      << "weights    " << formatBytes(info.weights_bytes) << ", hash " << info.weights_hash << '\n'
      << "arena      " << formatBytes(memory.arena_bytes) << " at batch " << *batch << ", scratch "
      << formatBytes(memory.scratch_bytes) << " a thread\n"
      << "steps      " << info.num_steps << ", " << kernels.size() << " kernels, "
      << format("%.3f GFLOP an image\n", double(library.flopsPerImage()) * 1e-9);
  if (const json::Object *object = description->getAsObject()) {
    std::vector<StringRef> keys;
    for (const auto &entry : *object)
      keys.push_back(entry.first);
    llvm::sort(keys);
    for (StringRef key : keys)
      out << format("%-10s ", key.str().c_str()) << valueText(*object->get(key)) << '\n';
  }
  return writeStdout(text);
}

} // namespace resnet
