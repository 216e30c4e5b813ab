// How images become a model's input, as the library records it: x = (value * scale - mean[c]) / std[c].

#ifndef RESNET_CODEGEN_PREPROCESS_H
#define RESNET_CODEGEN_PREPROCESS_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace resnet::codegen {

struct Preprocess {
  std::string name; // imagenet, cifar10, raw or custom
  double scale = 1;
  std::vector<double> mean, std;
  bool channelsLast = false; // of the model's input

  llvm::json::Object toJson() const;
};

/// Parses --preprocess: "raw" (0..255 as they are), "imagenet" (0..1, normalised by ImageNet's statistics; images are resized and
/// cropped), "cifar10" (the same statistics, no crop: what CIFAR-10 trainings in PyTorch's examples use), or
/// "mean=M[:M:M],std=S[:S:S]" over values in 0..1. Numbers may also be separated by commas.
llvm::Expected<Preprocess> parsePreprocess(llvm::StringRef text);

/// The default for an input of `shape`: imagenet for NCHW with 3 channels, raw otherwise.
Preprocess defaultPreprocess(llvm::ArrayRef<int64_t> shape);

/// True for [N, H, W, C] with 1 or 3 channels last and not first.
bool isChannelsLast(llvm::ArrayRef<int64_t> shape);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_PREPROCESS_H
