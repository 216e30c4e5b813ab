// Batches in chunks: which program computes which images, where it finds them, and that results do not depend on it.

#include "test/unit/Runtime/FakeProgram.h"

#include <gtest/gtest.h>

using namespace resnet::test;

namespace {

/// A fake program that notes its calls: the images of each, and which program computed them.
struct Chunks : ::testing::Test {
  void note() {
    body = [&](const RunArguments &a) {
      general.push_back(a.batch);
      return computeLogits(a);
    };
    batchBody = [&](const RunArguments &a) {
      special.push_back(a.batch);
      return computeLogits(a);
    };
  }
  std::vector<float> run(int64_t batch) {
    std::vector<float> output;
    EXPECT_EQ(f.run(image(batch), output, batch), RESNET_OK) << f.error();
    return output;
  }

  Fixture f;
  std::vector<int64_t> general, special;
};

using Sizes = std::vector<int64_t>;

TEST_F(Chunks, TheLargestSizesComeFirstAndTheRestLast) {
  f.program.chunk_batch = 8;
  f.batches = {{8, batchMain, 0}, {4, batchMain, 0}};
  f.create(2);
  note();
  run(31);
  EXPECT_EQ(special, (Sizes{8, 8, 8, 4}));
  EXPECT_EQ(general, (Sizes{3}));
}

TEST_F(Chunks, OneSizeMoreThanTheBatchIsNotUsed) {
  f.program.chunk_batch = 8;
  f.batches = {{8, batchMain, 0}};
  f.create(1);
  note();
  run(7);
  EXPECT_EQ(special, Sizes{});
  EXPECT_EQ(general, (Sizes{7}));
}

TEST_F(Chunks, WithoutCodeForItTheLargestSizeIsStillTheChunk) {
  f.program.chunk_batch = 8;
  f.create(1);
  note();
  run(20);
  EXPECT_EQ(general, (Sizes{8, 8, 4}));
}

// Without code for their number, large images are computed one by one, or one for each thread.
TEST_F(Chunks, OfLargeImagesAreSmall) {
  f.program.chunk_batch = 8;
  f.program.arena_bytes_per_image = uint64_t(1) << 20;
  f.create(1);
  note();
  run(5);
  EXPECT_EQ(general, (Sizes{2, 2, 1}));
  RESNET_INIT(resnet_context_info, info);
  f.api->context_info(f.context, &info);
  EXPECT_EQ(info.arena_bytes, uint64_t(2) << 20);
  f.api->context_destroy(f.context);
  f.create(4);
  general.clear();
  run(5);
  EXPECT_EQ(general, (Sizes{4, 1}));
  f.api->context_info(f.context, &info);
  EXPECT_EQ(info.arena_bytes, uint64_t(4) << 20);
}

TEST_F(Chunks, OfASpecialisedSizeTakeTheirArena) {
  f.program.chunk_batch = 8;
  f.program.arena_bytes_per_image = uint64_t(1) << 20;
  f.batches = {{8, batchMain, 0}};
  f.create(1);
  ASSERT_EQ(f.api->context_reserve(f.context, 7), RESNET_OK);
  RESNET_INIT(resnet_context_info, info);
  f.api->context_info(f.context, &info);
  EXPECT_EQ(info.arena_bytes, uint64_t(2) << 20);
  ASSERT_EQ(f.api->context_reserve(f.context, 9), RESNET_OK);
  f.api->context_info(f.context, &info);
  EXPECT_EQ(info.arena_bytes, uint64_t(8) << 20);
}

TEST_F(Chunks, SpareImagesAreBehindThoseOfTheBatch) {
  f.program.chunk_batch = 8;
  f.program.arena_bytes_per_image = uint64_t(1) << 20;
  f.batches = {{8, batchMain, 1}};
  f.create(1);
  ASSERT_EQ(f.api->context_reserve(f.context, 9), RESNET_OK);
  RESNET_INIT(resnet_context_info, info);
  f.api->context_info(f.context, &info);
  EXPECT_EQ(info.arena_bytes, uint64_t(9) << 20);
  RESNET_INIT(resnet_memory_info, memory);
  ASSERT_EQ(f.api->model_memory(f.model, 9, &memory), RESNET_OK);
  EXPECT_EQ(memory.arena_bytes, uint64_t(9) << 20);
  ASSERT_EQ(f.api->model_memory(f.model, 7, &memory), RESNET_OK);
  EXPECT_EQ(memory.arena_bytes, uint64_t(7) << 20);
}

TEST_F(Chunks, AFixedBatchIsCutToo) {
  f.program.chunk_batch = 8;
  f.program.fixed_batch = f.inputs[0].shape[0] = f.outputs[0].shape[0] = 12;
  f.create(1);
  note();
  run(12);
  EXPECT_EQ(general, (Sizes{8, 4}));
}

TEST_F(Chunks, DoNotChangeABit) {
  f.create(2);
  const std::vector<float> whole = run(23);
  for (int64_t chunk : {1, 3, 8}) {
    Fixture cut;
    cut.program.chunk_batch = chunk;
    if (chunk > 1)
      cut.batches = {{chunk, batchMain, 0}};
    cut.create(3);
    std::vector<float> output;
    ASSERT_EQ(cut.run(image(23), output, 23), RESNET_OK);
    EXPECT_EQ(output, whole) << "chunks of " << chunk;
  }
}

TEST_F(Chunks, EveryTensorAdvancesByItsImages) {
  f.program.chunk_batch = 2;
  f.inputs.push_back({"mask", 2, {-1, 5}});
  f.outputs.push_back({"features", 4, {-1, 2, 3, 1}});
  std::vector<const void *> seen;
  body = [&](const RunArguments &a) {
    seen.insert(seen.end(), {a.inputs[0], a.inputs[1], a.outputs[0], a.outputs[1]});
    return 0;
  };
  f.create(1);
  std::vector<float> images = image(3), masks(15), logits(30), features(18);
  resnet_tensor in[] = {tensor(images, {3, 3, 4, 4}), tensor(masks, {3, 5})};
  resnet_tensor out[] = {tensor(logits, {3, 10}), tensor(features, {3, 2, 3, 1})};
  ASSERT_EQ(f.api->context_run(f.context, in, 2, out, 2), RESNET_OK);
  EXPECT_EQ(seen, (std::vector<const void *>{&images[0], &masks[0], &logits[0], &features[0], &images[2 * 48], &masks[2 * 5],
                                             &logits[2 * 10], &features[2 * 6]}));
}

TEST_F(Chunks, TheArenaIsOneChunks) {
  f.program.chunk_batch = 8;
  f.create(1);
  RESNET_INIT(resnet_memory_info, memory);
  for (auto [batch, bytes] : {std::pair(3, 3 * 4096), {8, 8 * 4096}, {9, 8 * 4096}, {1 << 30, 8 * 4096}}) {
    ASSERT_EQ(f.api->model_memory(f.model, batch, &memory), RESNET_OK);
    EXPECT_EQ(memory.arena_bytes, uint64_t(bytes)) << "batch " << batch;
  }
  ASSERT_EQ(f.api->context_reserve(f.context, 1000), RESNET_OK);
  RESNET_INIT(resnet_context_info, info);
  f.api->context_info(f.context, &info);
  EXPECT_EQ(info.arena_bytes, 8u * 4096);
}

// Kernels index elements in 32 bits.
TEST_F(Chunks, AreNoLargerThanKernelsCanIndex) {
  f.program.arena_bytes_per_image = uint64_t(1) << 30;
  f.createModel();
  RESNET_INIT(resnet_memory_info, memory);
  ASSERT_EQ(f.api->model_memory(f.model, 100, &memory), RESNET_OK);
  EXPECT_EQ(memory.arena_bytes, uint64_t(7) << 30);
}

TEST_F(Chunks, AFailureEndsTheRun) {
  f.program.chunk_batch = 2;
  int calls = 0;
  body = [&](const RunArguments &a) {
    resnet_runtime_step(a.run, 1);
    return ++calls == 2 ? -7 : 0;
  };
  f.create(1);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(6), output, 6), RESNET_ERROR);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(f.error(), "step 2 of 2, \"/fc/Gemm\" (head_fake): the kernel returned -7");
}

TEST_F(Chunks, AStepCountsOnceAChunk) {
  f.program.chunk_batch = 4;
  f.create(1);
  f.api->profile_enable(f.context, 1);
  run(10);
  RESNET_INIT(resnet_step_profile, profile);
  for (int32_t step : {0, 1}) {
    ASSERT_EQ(f.api->profile_step(f.context, step, &profile), RESNET_OK);
    EXPECT_EQ(profile.count, 3u);
  }
}

} // namespace
