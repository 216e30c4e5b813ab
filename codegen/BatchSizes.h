// The numbers of images that a library has code of its own for; the largest is also how many a run computes at once.

#ifndef RESNET_CODEGEN_BATCHSIZES_H
#define RESNET_CODEGEN_BATCHSIZES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace resnet::codegen {

inline constexpr int64_t kLargestBatchSize = 1024;

/// "1,4,8" -> {8, 4, 1}: largest first, each once.
llvm::Expected<std::vector<int64_t>> parseBatchSizes(llvm::StringRef text);

/// The sizes for a model of `fixedBatch` images (-1: any number). Where none is asked for that is the fixed batch, but at most 8.
/// An error where one is larger than the fixed batch.
llvm::Expected<std::vector<int64_t>> chooseBatchSizes(llvm::ArrayRef<int64_t> asked, int64_t fixedBatch);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_BATCHSIZES_H
