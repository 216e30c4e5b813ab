// Batch sizes: reading and choosing them, and which kernels and programs get one.

#include "codegen/BatchSizes.h"
#include "codegen/BatchSpecialization.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;

namespace {

using Sizes = std::vector<int64_t>;

template <typename T> std::string errorOf(llvm::Expected<T> value) { return value ? "" : llvm::toString(value.takeError()); }

TEST(BatchSizes, AreOrderedFromTheLargestAndWithoutRepetition) {
  EXPECT_EQ(llvm::cantFail(parseBatchSizes("1, 4,8,4")), (Sizes{8, 4, 1}));
  EXPECT_EQ(llvm::cantFail(parseBatchSizes("1024")), (Sizes{1024}));
}

TEST(BatchSizes, WrongTextIsAnError) {
  for (const char *text : {"", "0", "-1", "1025", "4,", "four", "4.5"})
    EXPECT_NE(errorOf(parseBatchSizes(text)).find("--batch-sizes: expected numbers from 1 to 1024, got"), std::string::npos)
        << text;
}

TEST(BatchSizes, DefaultsFollowTheModel) {
  EXPECT_EQ(llvm::cantFail(chooseBatchSizes({}, -1)), (Sizes{8}));
  EXPECT_EQ(llvm::cantFail(chooseBatchSizes({}, 1)), (Sizes{1}));
  EXPECT_EQ(llvm::cantFail(chooseBatchSizes({}, 32)), (Sizes{8}));
  EXPECT_EQ(llvm::cantFail(chooseBatchSizes({4, 1}, -1)), (Sizes{4, 1}));
  EXPECT_EQ(errorOf(chooseBatchSizes({4, 1}, 2)), "--batch-sizes: expected at most the model's batch, 2, got 4");
}

KernelSpec convolution() {
  KernelSpec spec;
  spec.input = {32, 8, 8, 16, {1, 1, 1, 1}}, spec.output = {32, 8, 8, 16, {}};
  spec.filter = {32, 32, 3, 3, 1, 16, 16};
  spec.padding = {1, 1, 1, 1};
  spec.schedule.algorithm = ConvAlgorithm::Winograd;
  spec.schedule.outputTile = 4;
  canonicalize(spec);
  return spec;
}

// A selection that flattens pairs of images for 3x3 filters.
void pairImages(KernelSpec &spec) {
  if (spec.kind == KernelKind::Conv2d && spec.kernel[0] == 3 && spec.batch % 2 == 0)
    spec.schedule.images = 2;
}

TEST(BatchSpecialization, KeepsTheBatchWhereTheScheduleUsesIt) {
  KernelSpec spec = convolution();
  specializeBatch(spec, 8, pairImages);
  EXPECT_EQ(spec.batch, 8);
  EXPECT_EQ(spec.schedule.images, 2);
}

TEST(BatchSpecialization, LeavesOtherKernelsForAnyBatch) {
  KernelSpec spec = convolution();
  specializeBatch(spec, 7, pairImages);
  EXPECT_EQ(spec, convolution());
  specializeBatch(spec, 8, [](KernelSpec &s) { s.schedule.tileRows = 2; });
  EXPECT_EQ(spec, convolution());
}

// Another algorithm or tile would round otherwise: an image's result would depend on its batch.
TEST(BatchSpecialization, KeepsWhatDecidesTheBits) {
  KernelSpec spec = convolution();
  specializeBatch(spec, 8, [](KernelSpec &s) {
    s.schedule.images = 2;
    s.schedule.outputTile = 6;
  });
  EXPECT_EQ(spec, convolution());
  spec.schedule.algorithm = ConvAlgorithm::Direct;
  const KernelSpec direct = spec;
  specializeBatch(spec, 8, [](KernelSpec &s) {
    s.schedule.images = 2;
    s.schedule.algorithm = ConvAlgorithm::Winograd;
  });
  EXPECT_EQ(spec, direct);
}

TEST(BatchSpecialization, ProgramsShareTheKernelsThatDoNotDiffer) {
  KernelSpec pool;
  pool.kind = KernelKind::GlobalAvgPool;
  pool.input = {32, 8, 8, 16, {}}, pool.output = {32, 1, 1, 16, {}};
  canonicalize(pool);
  llvm::StringMap<KernelBinding> general;
  general["conv"] = {convolution(), symbolName(convolution()), 0};
  general["pool"] = {pool, symbolName(pool), 0};
  auto program = specializeProgram(general, 4, pairImages);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->batch, 4);
  EXPECT_NE(program->kernels["conv"].symbol, general["conv"].symbol);
  EXPECT_EQ(program->kernels["conv"].spec.batch, 4);
  EXPECT_EQ(program->kernels["pool"].symbol, general["pool"].symbol);
  EXPECT_FALSE(specializeProgram(general, 3, pairImages)) << "no kernel would differ";
}

} // namespace
