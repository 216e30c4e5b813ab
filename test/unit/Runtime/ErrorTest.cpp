// Failing kernels, Halide's assertions, scratch memory, and the zeros of halos.

#include "test/unit/Runtime/FakeProgram.h"

#include <atomic>
#include <cstring>
#include <gtest/gtest.h>

using namespace resnet::test;

TEST(Errors, TheLowestFailingIndexIsReported) {
  for (int threads : {1, 2, 4})
    for (int repeat = 0; repeat < 20; ++repeat) {
      Fixture f;
      body = [&](const RunArguments &a) {
        resnet_runtime_step(a.run, 0);
        return parallelFor(a.run, 10, 100, [&](void *worker, int i) {
          return i % 30 == 17 ? halide_error_access_out_of_bounds(worker, "weights", i, 0, 9, 0, 7) : i % 30 == 16 ? -i : 0;
        });
      };
      f.create(threads);
      std::vector<float> output;
      ASSERT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
      EXPECT_EQ(f.error(), "step 1 of 2, \"/conv1/Conv\" (conv2d_fake): the kernel returned -16");
      body = computeLogits;
      EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK) << "the context stays usable";
      EXPECT_EQ(f.error(), "");
    }
}

TEST(Errors, AssertionsCarryTheirMessage) {
  for (int threads : {1, 3}) {
    Fixture f;
    body = [&](const RunArguments &a) {
      resnet_runtime_step(a.run, 0);
      resnet_runtime_step(a.run, 1);
      return parallelFor(a.run, 0, 50, [&](void *worker, int i) {
        return i >= 20 ? halide_error_access_out_of_bounds(worker, "weights", i, 0, 9, 0, 7) : 0;
      });
    };
    f.create(threads);
    std::vector<float> output;
    ASSERT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
    EXPECT_EQ(f.error(),
              "step 2 of 2, \"/fc/Gemm\" (head_fake): weights is accessed from 0 to 9 in dimension 20, it extends from 0 to "
              "7 (code -4)");
  }
}

TEST(Errors, OutsideOfALoop) {
  Fixture f;
  body = [&](const RunArguments &a) { return halide_error_out_of_memory(a.run); };
  f.create(2);
  std::vector<float> output;
  ASSERT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
  EXPECT_EQ(f.error(), "out of memory for a temporary (code -11)");
}

TEST(Scratch, IsAlignedPrivateAndReused) {
  Fixture f;
  std::atomic<int> wrong{0};
  body = [&](const RunArguments &a) {
    return parallelFor(a.run, 0, 200, [&](void *worker, int i) {
      auto *first = static_cast<char *>(halide_malloc(worker, 300));
      auto *second = static_cast<char *>(halide_malloc(worker, 500));
      std::memset(first, i, 300);
      std::memset(second, i + 1, 500);
      wrong += uintptr_t(first) % 128 != 0 || uintptr_t(second) % 128 != 0 || second < first + 300;
      wrong += first[0] != char(i) || first[299] != char(i) || second[499] != char(i + 1);
      halide_free(worker, first); // not the top: its space comes back with second's
      halide_free(worker, second);
      return 0;
    });
  };
  f.create(4);
  std::vector<float> output;
  for (int repeat = 0; repeat < 3; ++repeat)
    ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK) << f.error();
  EXPECT_EQ(wrong, 0);
}

TEST(Scratch, TheCallersLoopStacksOnItsKernel) {
  Fixture f;
  body = [&](const RunArguments &a) {
    void *outer = halide_malloc(a.run, 512);
    int result = parallelFor(a.run, 0, 16, [&](void *worker, int) {
      void *inner = halide_malloc(worker, 512);
      bool same = inner == outer;
      halide_free(worker, inner);
      return same ? -1 : 0;
    });
    halide_free(a.run, outer);
    return result;
  };
  f.create(3);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK) << f.error();
}

TEST(Scratch, AnOverdemandIsAnErrorNotACrash) {
  for (int threads : {1, 4}) {
    Fixture f;
    body = [&](const RunArguments &a) {
      return parallelFor(a.run, 0, 16, [&](void *worker, int) {
        auto *fits = static_cast<char *>(halide_malloc(worker, 1000));
        auto *tooMuch = static_cast<char *>(halide_malloc(worker, 100000));
        std::memset(fits, 1, 1000);
        std::memset(tooMuch, 2, 100000); // as a kernel without assertions would
        halide_free(worker, tooMuch);
        halide_free(worker, fits);
        return 0;
      });
    };
    f.create(threads);
    std::vector<float> output;
    EXPECT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
    EXPECT_EQ(f.error(), "a kernel demanded 101120 bytes of scratch, 1024 were planned");
    body = computeLogits;
    EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK) << f.error();
  }
}

TEST(Scratch, ImpossibleAndEmptyDemands) {
  Fixture f;
  f.variants[0].scratch_bytes = 0;
  body = [&](const RunArguments &a) {
    EXPECT_EQ(halide_malloc(a.run, SIZE_MAX), nullptr);
    halide_free(a.run, nullptr);
    return 0;
  };
  f.create(2);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
}

TEST(Halo, EqualsAPlainLoop) {
  struct Case {
    int64_t batch, blocks, block, height, width, top, left, bottom, right;
  };
  for (Case c : {Case{1, 1, 1, 1, 1, 0, 0, 0, 0}, Case{1, 1, 16, 3, 4, 1, 1, 1, 1}, Case{2, 3, 16, 5, 2, 3, 2, 1, 0},
                 Case{3, 2, 4, 1, 7, 0, 1, 2, 0}, Case{1, 2, 1, 4, 4, 0, 0, 1, 1}, Case{2, 4, 16, 56, 56, 1, 1, 1, 1},
                 Case{1, 2, 8, 2, 3, 2, 0, 0, 0}})
    for (int threads : {1, 3}) {
      int64_t rows = c.top + c.height + c.bottom, columns = c.left + c.width + c.right;
      int64_t imageElements = c.blocks * rows * columns * c.block,
              stride = imageElements + 5; // bytes between images stay as they are
      std::vector<float> actual(size_t(c.batch * stride), 7), expected = actual;
      for (int64_t n = 0; n < c.batch; ++n)
        for (int64_t b = 0; b < c.blocks; ++b)
          for (int64_t y = 0; y < rows; ++y)
            for (int64_t x = 0; x < columns; ++x)
              if (y < c.top || y >= c.top + c.height || x < c.left || x >= c.left + c.width)
                for (int64_t lane = 0; lane < c.block; ++lane)
                  expected[n * stride + ((b * rows + y) * columns + x) * c.block + lane] = 0;
      Fixture f;
      body = [&](const RunArguments &a) {
        resnet_runtime_zero_halo(a.run, actual.data(), c.batch, stride * 4, c.blocks, c.block, c.height, c.width, c.top, c.left,
                                 c.bottom, c.right);
        return 0;
      };
      f.create(threads);
      std::vector<float> output;
      ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
      EXPECT_TRUE(actual == expected) << c.height << "x" << c.width << " blocks " << c.blocks << " threads " << threads;
    }
}
