// Reading and choosing batch sizes.

#include "codegen/BatchSizes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace llvm;

// Beside one image, what schedules are tuned for.
static constexpr int64_t kDefaultBatchSize = 8;

Expected<std::vector<int64_t>> resnet::codegen::parseBatchSizes(StringRef text) {
  std::vector<int64_t> sizes;
  SmallVector<StringRef> words;
  text.split(words, ',');
  for (StringRef word : words) {
    int64_t size;
    if (word.trim().getAsInteger(10, size) || size < 1 || size > kLargestBatchSize)
      return createStringError("--batch-sizes: expected numbers from 1 to " + Twine(kLargestBatchSize) + ", got '" + word + "'");
    sizes.push_back(size);
  }
  sort(sizes, std::greater<>());
  sizes.erase(llvm::unique(sizes), sizes.end());
  return sizes;
}

Expected<std::vector<int64_t>> resnet::codegen::chooseBatchSizes(ArrayRef<int64_t> asked, int64_t fixedBatch) {
  if (asked.empty())
    return std::vector<int64_t>{fixedBatch > 0 ? std::min(fixedBatch, kDefaultBatchSize) : kDefaultBatchSize};
  if (fixedBatch > 0 && asked.front() > fixedBatch)
    return createStringError("--batch-sizes: expected at most the model's batch, " + Twine(fixedBatch) + ", got " +
                             Twine(asked.front()));
  return asked.vec();
}
