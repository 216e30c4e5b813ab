// A compiled library, opened: found to be one by its file, loaded, and reached through its C interface.

#ifndef RESNET_TOOLS_LIBRARY_H
#define RESNET_TOOLS_LIBRARY_H

#include "runtime/include/resnet.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace resnet {

/// The name of the query function that the file at `path` exports, read from the file without loading it. A file for another CPU,
/// of another format, truncated, or not made by resnet-compile is an error. `entry`, if not empty, must be the one.
llvm::Expected<std::string> findEntry(llvm::StringRef path, llvm::StringRef entry);

struct TensorInfo {
  std::string name;
  std::vector<int64_t> shape; // -1: dynamic batch
  /// The shape with a batch in place of -1.
  std::vector<int64_t> at(int64_t batch) const;
  int64_t elements(int64_t batch) const;
};

struct LibraryOptions {
  std::string path, entry;
  int maxCpuLevel = 0;
  std::string device; // as resnet_model_options says it; empty: the library's choice
};

class Library {
public:
  static llvm::Expected<std::unique_ptr<Library>> open(const LibraryOptions &options);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  const resnet_api &api() const { return *table; }
  const resnet_model *model() const { return handle; }
  const resnet_model_info &info() const { return modelInfo; }
  llvm::ArrayRef<TensorInfo> inputs() const { return inputInfos; }
  llvm::ArrayRef<TensorInfo> outputs() const { return outputInfos; }
  resnet_step_info step(int32_t index) const;
  /// What the model runs on: "cpu" or a device's name.
  llvm::StringRef device() const { return modelInfo.device ? modelInfo.device : "cpu"; }
  /// The devices that the library has code for. Opens their drivers.
  std::vector<resnet_device_info> devices() const;
  int64_t flopsPerImage() const;
  /// The batch to use where none is asked for, and the one used where `asked` (0: none) does not fit is an error.
  llvm::Expected<int64_t> batch(int64_t asked) const;

private:
  Library() = default;
  void *loaded = nullptr;
  const resnet_api *table = nullptr;
  resnet_model *handle = nullptr;
  resnet_model_info modelInfo{};
  std::vector<TensorInfo> inputInfos, outputInfos;
};

/// A context with buffers for every input and output.
class Session {
public:
  static llvm::Expected<std::unique_ptr<Session>> create(const Library &library, int threads, bool pin = false);
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  /// Makes buffers of this batch; inputs are zero.
  void resize(int64_t batch);
  /// Fills the inputs with reproducible values in [-1, 1).
  void fillRandom(uint32_t seed);
  llvm::Error run();

  int64_t batch() const { return currentBatch; }
  int threads() const;
  resnet_context *context() const { return handle; }
  const Library &library() const { return lib; }
  std::vector<std::vector<float>> inputs, outputs;

private:
  explicit Session(const Library &library) : lib(library) {}
  const Library &lib;
  resnet_context *handle = nullptr;
  int64_t currentBatch = 0;
  std::vector<resnet_tensor> inputTensors, outputTensors;
};

} // namespace resnet

#endif // RESNET_TOOLS_LIBRARY_H
