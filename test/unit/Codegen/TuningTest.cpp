// Kernels in memory, their measurement, and the file that a tuning leaves.

#include "ConvolutionCases.h"
#include "codegen/Targets.h"
#include "codegen/schedules/Candidates.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/tuning/KernelHost.h"
#include "codegen/tuning/Measure.h"
#include "codegen/tuning/TuningRun.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;
using namespace resnet::test;
namespace fs = llvm::sys::fs;

namespace {

KernelSpec hostSpec(int64_t channels, int64_t batch) {
  KernelSpec spec = convolution(channels, channels, 6, 3);
  spec.target = llvm::cantFail(hostTarget());
  spec.batch = batch;
  return spec;
}

class TuningRunTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(fs::createUniqueDirectory("resnet-tuning-test", directory));
    options.cpuClass = "here";
    options.path = (directory + "/s.json").str();
    options.tune.secondsPerCandidate = 1e-6;
  }
  void TearDown() override { (void)fs::remove_directories(directory); }

  llvm::SmallString<128> directory;
  TuningRunOptions options;
};

} // namespace

TEST(Measure, TypicalTimeIsTheLowerQuartile) {
  EXPECT_EQ(typicalTime({3}), 3);
  EXPECT_EQ(typicalTime({9, 1, 5, 7, 3}), 3);
}

TEST(Measure, AnAddendInPlaceIsTheOutput) {
  KernelSpec spec = hostSpec(16, 1);
  spec.epilogue.addend = spec.epilogue.addendInPlace = true;
  spec.addend = spec.output;
  canonicalize(spec);
  LaunchBuffers buffers(spec, 1);
  for (int i = 0; i < 3; ++i) {
    const std::vector<KernelOperand> &operands = buffers.next();
    EXPECT_EQ(operands[3].buffer, operands[4].buffer);
    EXPECT_EQ(operands[4].buffer, buffers.output());
  }
}

TEST(Measure, FiltersAreUsedInTurnUnlessWarm) {
  const KernelSpec spec = hostSpec(16, 1);
  LaunchBuffers cold(spec, 1), warm(spec, 1, /*warm=*/true);
  const float *first = cold.next()[1].buffer;
  EXPECT_NE(cold.next()[1].buffer, first);
  first = warm.next()[1].buffer;
  EXPECT_EQ(warm.next()[1].buffer, first);
}

TEST(KernelHost, RunsAKernelOnAnyNumberOfThreads) {
  const KernelSpec spec = hostSpec(32, 2);
  const NativeKernel kernel(spec, KernelHost::imports());
  ASSERT_EQ(kernel.error(), "");
  LaunchBuffers buffers(spec, 2);
  std::vector<float> expected;
  for (int threads : {1, 3}) {
    auto host = KernelHost::create(threads, kernel.scratchBytes());
    ASSERT_TRUE(static_cast<bool>(host));
    llvm::Expected<LaunchTime> time = (*host)->run(kernel, buffers.first(), 2);
    ASSERT_TRUE(static_cast<bool>(time)) << llvm::toString(time.takeError());
    std::vector<float> result(buffers.output(), buffers.output() + buffers.outputElements());
    if (threads == 1)
      expected = result;
    EXPECT_EQ(result, expected);
  }
}

TEST(KernelHost, AKernelsErrorIsReported) { EXPECT_NE(NativeKernel(KernelSpec{}, KernelHost::imports()).error(), ""); }

TEST_F(TuningRunTest, MeasuresEveryCandidate) {
  const KernelSpec spec = hostSpec(32, 2);
  size_t compiled = 0;
  llvm::Expected<ScheduleRecord> record = tune(spec, options.tune, [&](const TuneProgress &p) { compiled = p.compiled; });
  ASSERT_TRUE(static_cast<bool>(record)) << llvm::toString(record.takeError());
  EXPECT_EQ(record->key, scheduleKey(spec));
  EXPECT_EQ(record->batch, 2);
  EXPECT_EQ(record->measured.size(), candidateSchedules(spec).size());
  EXPECT_EQ(record->measured.size(), compiled);
  for (size_t i = 0; i < record->measured.size(); ++i) {
    EXPECT_GT(record->measured[i].milliseconds, 0);
    if (i)
      EXPECT_LE(record->measured[i - 1].milliseconds, record->measured[i].milliseconds);
  }
}

TEST_F(TuningRunTest, ResumesWithWhatIsMissing) {
  const std::vector<KernelSpec> specs = {hostSpec(16, 1), hostSpec(16, 2), hostSpec(32, 1)};
  llvm::Expected<TuningRunResult> result = tuneAll(llvm::ArrayRef(specs).take_front(2), options);
  ASSERT_TRUE(static_cast<bool>(result)) << llvm::toString(result.takeError());
  EXPECT_EQ(result->measured, 2u);
  options.resume = true;
  result = tuneAll(specs, options);
  ASSERT_TRUE(static_cast<bool>(result)) << llvm::toString(result.takeError());
  EXPECT_EQ(result->measured, 1u);
  EXPECT_EQ(result->skipped, 2u);
  llvm::Expected<ScheduleFile> file = readScheduleFile(options.path);
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(file->records.size(), 3u);
  EXPECT_EQ(file->cpuClass, "here");
}

TEST_F(TuningRunTest, WithoutTimeNothingIsBegun) {
  options.seconds = 0;
  llvm::Expected<TuningRunResult> result = tuneAll({hostSpec(16, 1)}, options);
  ASSERT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(result->left, 1u);
  EXPECT_FALSE(fs::exists(options.path));
}

TEST_F(TuningRunTest, AFileOfAnotherClassIsAnError) {
  ASSERT_FALSE(static_cast<bool>(writeScheduleFile({Target::X86_64, "there", {}}, options.path)));
  llvm::Expected<TuningRunResult> result = tuneAll({hostSpec(16, 1)}, options);
  ASSERT_FALSE(static_cast<bool>(result));
  EXPECT_NE(llvm::toString(result.takeError()).find("on here, got x86-64 on there"), std::string::npos);
}
