// Runs: results whatever the threads, checks of arguments, batches, allocation, the floating-point environment, profiles.

#include "test/unit/Runtime/FakeProgram.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>
#include <xmmintrin.h>

using namespace resnet::test;

// Calls of the runtime (linked with --wrap) that get memory.
static std::atomic<int> allocations;
extern "C" {
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_aligned_alloc(size_t, size_t);
void *__real_mmap(void *, size_t, int, int, int, long);
void *__wrap_malloc(size_t bytes) {
  ++allocations;
  return __real_malloc(bytes);
}
void *__wrap_calloc(size_t count, size_t bytes) {
  ++allocations;
  return __real_calloc(count, bytes);
}
void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
  ++allocations;
  return __real_aligned_alloc(alignment, bytes);
}
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, long offset) {
  ++allocations;
  return __real_mmap(address, bytes, protection, flags, file, offset);
}
}

TEST(Run, ThreadsDoNotChangeTheResult) {
  for (int64_t batch : {1, 2, 5}) {
    std::vector<float> expected;
    for (int threads : {1, 2, 3, 4, 16}) {
      Fixture f;
      f.create(threads);
      std::vector<float> output;
      ASSERT_EQ(f.run(image(batch), output, batch), RESNET_OK) << f.error();
      if (threads == 1)
        expected = output;
      EXPECT_EQ(output, expected) << threads << " threads, batch " << batch;
    }
    EXPECT_NE(expected[0], -1.f);
  }
}

TEST(Run, EveryIterationRunsOnce) {
  for (int threads : {1, 2, 4})
    for (int size : {0, 1, 2, 3, 7, 1000}) {
      Fixture f;
      std::vector<std::atomic<int>> counts(size_t(size) + 1);
      body = [&](const RunArguments &a) {
        return parallelFor(a.run, 5, size, [&](void *, int i) { return counts[i - 5]++, 0; });
      };
      f.create(threads);
      std::vector<float> output;
      for (int repeat = 1; repeat <= 3; ++repeat) {
        ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
        for (int i = 0; i < size; ++i)
          ASSERT_EQ(counts[i], repeat) << i;
      }
    }
}

TEST(Run, EachWorkerHasItsOwnContext) {
  Fixture f;
  std::mutex mutex;
  std::set<std::pair<void *, std::thread::id>> pairs;
  body = [&](const RunArguments &a) {
    return parallelFor(a.run, 0, 64, [&](void *worker, int) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      std::lock_guard<std::mutex> lock(mutex);
      pairs.emplace(worker, std::this_thread::get_id());
      return 0;
    });
  };
  f.create(4);
  std::vector<float> output;
  ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
  std::set<void *> workers;
  std::set<std::thread::id> threads;
  for (auto &[worker, thread] : pairs) {
    workers.insert(worker);
    threads.insert(thread);
  }
  EXPECT_EQ(workers.size(), pairs.size()) << "a worker belongs to one thread";
  EXPECT_EQ(threads.size(), pairs.size());
  EXPECT_GT(threads.size(), 1u);
}

TEST(Run, NestedLoopsRunInline) {
  Fixture f;
  std::atomic<int> inner{0}, moved{0};
  body = [&](const RunArguments &a) {
    return parallelFor(a.run, 0, 8, [&](void *worker, int) {
      return parallelFor(worker, 0, 8, [&](void *nested, int) {
        ++inner;
        moved += nested != worker;
        return 0;
      });
    });
  };
  f.create(4);
  std::vector<float> output;
  ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
  EXPECT_EQ(inner, 64);
  EXPECT_EQ(moved, 0);
}

TEST(Run, NothingIsAllocatedAfterTheFirst) {
  Fixture f;
  f.create(3);
  std::vector<float> output(10), input = image(1);
  resnet_tensor in = tensor(input, {1, 3, 4, 4}), out = tensor(output, {1, 10});
  ASSERT_EQ(f.api->context_run(f.context, &in, 1, &out, 1), RESNET_OK);
  f.api->profile_enable(f.context, 1);
  int before = allocations;
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(f.api->context_run(f.context, &in, 1, &out, 1), RESNET_OK);
  EXPECT_EQ(allocations, before);
}

TEST(Run, TheArenaGrowsOnly) {
  Fixture f;
  f.create(2);
  RESNET_INIT(resnet_context_info, info);
  std::vector<float> output, expected;
  auto arena = [&] {
    f.api->context_info(f.context, &info);
    return info.arena_bytes;
  };
  EXPECT_EQ(arena(), 0u);
  ASSERT_EQ(f.run(image(2), expected, 2), RESNET_OK);
  EXPECT_EQ(arena(), 2u * 4096);
  ASSERT_EQ(f.run(image(5), output, 5), RESNET_OK);
  EXPECT_EQ(arena(), 5u * 4096);
  ASSERT_EQ(f.run(image(2), output, 2), RESNET_OK);
  EXPECT_EQ(output, expected);
  EXPECT_EQ(arena(), 5u * 4096);
  ASSERT_EQ(f.api->context_reserve(f.context, 100), RESNET_OK);
  int before = allocations;
  ASSERT_EQ(f.run(image(100), output, 100), RESNET_OK);
  EXPECT_EQ(allocations, before);
}

TEST(Run, TheArenaIsAligned) {
  for (uint64_t bytes : {uint64_t(64), uint64_t(4) << 20}) {
    Fixture f;
    f.program.arena_bytes_per_image = bytes;
    body = [&](const RunArguments &a) {
      EXPECT_EQ(uintptr_t(a.arena) % 64, 0u);
      a.arena[0] = a.arena[bytes - 1] = 1;
      return 0;
    };
    f.create(1);
    std::vector<float> output;
    EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK);
  }
}

TEST(Run, OutOfMemoryIsAStatus) {
  Fixture f;
  f.program.arena_bytes_per_image = uint64_t(1) << 60;
  f.create(2);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OUT_OF_MEMORY);
  EXPECT_EQ(f.error(), "out of memory for the arena of batch 1 (1152921504606846976 bytes an image)");
  EXPECT_EQ(f.api->context_reserve(f.context, 64), RESNET_OUT_OF_MEMORY);
}

TEST(Run, BadArguments) {
  Fixture f;
  f.create(1);
  std::vector<float> input = image(2), output(20);
  auto expectError = [&](resnet_tensor in, resnet_tensor out, const std::string &message) {
    EXPECT_EQ(f.api->context_run(f.context, &in, 1, &out, 1), RESNET_INVALID_ARGUMENT) << message;
    EXPECT_EQ(f.error(), message);
  };
  resnet_tensor in = tensor(input, {2, 3, 4, 4}), out = tensor(output, {2, 10}), bad = in;
  bad.rank = 3;
  expectError(bad, out, "input 0 (\"image\"): expected rank 4, found 3");
  bad = in, bad.dtype = 7;
  expectError(bad, out, "input 0 (\"image\"): expected element type f32 (1), found 7");
  bad = in, bad.shape[2] = 5;
  expectError(bad, out, "input 0 (\"image\"): expected shape [?, 3, 4, 4], found [2, 3, 5, 4]");
  bad = in, bad.shape[0] = 0;
  expectError(bad, out, "input 0 (\"image\"): expected shape [?, 3, 4, 4], found [0, 3, 4, 4]");
  bad = in, bad.shape[0] = -1;
  expectError(bad, out, "input 0 (\"image\"): expected shape [?, 3, 4, 4], found [?, 3, 4, 4]");
  bad = in, bad.shape[0] = int64_t(1) << 60;
  expectError(bad, out, "input 0 (\"image\"): the size of shape [1152921504606846976, 3, 4, 4] overflows");
  bad = in, bad.bytes -= 4;
  expectError(bad, out, "input 0 (\"image\"): shape [2, 3, 4, 4] has 384 bytes, the tensor says 380");
  bad = in, bad.data = nullptr;
  expectError(bad, out, "input 0 (\"image\"): data is NULL");
  bad = out, bad.shape[0] = 3;
  expectError(in, bad, "output 0 (\"logits\"): expected batch 2 as in the first tensor, found 3");
  bad = out, bad.data = input.data() + 40;
  expectError(in, bad, "output 0 overlaps input 0 in memory");
  bad = in, bad.data = reinterpret_cast<char *>(input.data()) + 1;
  EXPECT_EQ(f.api->context_run(f.context, &bad, 1, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_NE(f.error().find("expected data aligned to 4 bytes"), std::string::npos);
  EXPECT_EQ(f.api->context_run(f.context, &in, 2, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "expected 1 inputs and 1 outputs, found 2 and 1");
  EXPECT_EQ(f.api->context_run(f.context, nullptr, 1, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "the array of inputs is NULL");
  EXPECT_EQ(f.api->context_run(nullptr, &in, 1, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->context_reserve(f.context, 0), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->context_run(f.context, &in, 1, &out, 1), RESNET_OK);
  EXPECT_EQ(f.error(), "");
}

TEST(Run, AFixedBatchIsTheOnlyOne) {
  Fixture f;
  f.program.fixed_batch = 2;
  f.inputs[0].shape[0] = f.outputs[0].shape[0] = 2;
  f.create(1);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(2), output, 2), RESNET_OK);
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "input 0 (\"image\"): expected shape [2, 3, 4, 4], found [1, 3, 4, 4]");
  EXPECT_EQ(f.api->context_reserve(f.context, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "the model was compiled for batch 2, not 1");
}

TEST(Run, UnalignedTensorsAreFine) {
  Fixture f;
  f.create(2);
  std::vector<float> expected, shifted(49), output(11);
  ASSERT_EQ(f.run(image(1), expected, 1), RESNET_OK);
  std::vector<float> source = image(1);
  std::copy(source.begin(), source.end(), shifted.begin() + 1);
  resnet_tensor in = tensor(source, {1, 3, 4, 4}), out = tensor(expected, {1, 10});
  in.data = shifted.data() + 1;
  out.data = output.data() + 1;
  ASSERT_EQ(f.api->context_run(f.context, &in, 1, &out, 1), RESNET_OK);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), output.begin() + 1));
}

TEST(Run, BadContextOptions) {
  Fixture f;
  f.createModel();
  resnet_error error;
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = 1025;
  EXPECT_EQ(f.api->context_create(f.model, &options, &f.context, &error), RESNET_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "num_threads: expected 0 to 1024, found 1025");
  EXPECT_EQ(f.api->context_create(nullptr, nullptr, &f.context, &error), RESNET_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "model is NULL");
  f.variants[0].scratch_bytes = UINT64_MAX - 5;
  f.api->model_destroy(f.model);
  f.createModel();
  options.num_threads = 2;
  EXPECT_EQ(f.api->context_create(f.model, &options, &f.context, &error), RESNET_OUT_OF_MEMORY);
}

TEST(Run, DefaultThreadsAreTheCpusOfTheProcess) {
  Fixture f;
  f.create(0);
  RESNET_INIT(resnet_context_info, info);
  ASSERT_EQ(f.api->context_info(f.context, &info), RESNET_OK);
  EXPECT_EQ(info.num_threads, resnet_cpu_count());
}

TEST(Run, PinnedThreads) {
  Fixture f;
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = 3;
  options.pin_threads = 1;
  f.create(options);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK);
}

TEST(FloatEnvironment, IsTheDefaultOnEveryThreadAndRestored) {
  unsigned before = _mm_getcsr();
  unsigned flushing = 0x1F80 | 0x8040 | 0x6000; // FTZ, DAZ, round to zero
  std::atomic<int> wrong{0};
  _mm_setcsr(flushing); // before the workers are created: they inherit it
  Fixture f;
  body = [&](const RunArguments &a) {
    wrong += (_mm_getcsr() & ~0x3Fu) != 0x1F80;
    return parallelFor(a.run, 0, 64, [&](void *, int) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      wrong += (_mm_getcsr() & ~0x3Fu) != 0x1F80;
      volatile float zero = 0;
      volatile float infinite = 1 / zero; // raises a flag
      (void)infinite;
      return 0;
    });
  };
  f.create(4);
  std::vector<float> input = image(1), output(10);
  resnet_tensor in = tensor(input, {1, 3, 4, 4}), out = tensor(output, {1, 10});
  _mm_setcsr(flushing); // without the flags that the lines above raised
  resnet_status status = f.api->context_run(f.context, &in, 1, &out, 1);
  unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(status, RESNET_OK);
  EXPECT_EQ(after, flushing) << "not even the flags of a run are left";
  EXPECT_EQ(wrong, 0);
}

TEST(Profile, CountsStepsWhileEnabled) {
  Fixture f;
  f.create(2);
  std::vector<float> output;
  RESNET_INIT(resnet_step_profile, profile);
  auto read = [&](int32_t step) {
    EXPECT_EQ(f.api->profile_step(f.context, step, &profile), RESNET_OK);
    return profile.count;
  };
  ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
  EXPECT_EQ(read(0), 0u);
  f.api->profile_enable(f.context, 1);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
  EXPECT_EQ(read(0), 3u);
  EXPECT_GT(profile.total_ns, 0u);
  EXPECT_EQ(read(1), 3u);
  f.api->profile_enable(f.context, 0);
  ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
  EXPECT_EQ(read(1), 3u);
  f.api->profile_reset(f.context);
  EXPECT_EQ(read(1), 0u);
  EXPECT_EQ(f.api->profile_step(f.context, 2, &profile), RESNET_INVALID_ARGUMENT);
}
