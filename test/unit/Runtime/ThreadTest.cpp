// Several contexts at once, a host's pool, reentry, fork.

#include "test/unit/Runtime/FakeProgram.h"

#include <atomic>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <xmmintrin.h>

using namespace resnet::test;

TEST(Contexts, RunAtOnce) {
  Fixture f;
  f.create(2);
  std::vector<float> expected;
  ASSERT_EQ(f.run(image(3), expected, 3), RESNET_OK);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      resnet_context *context;
      RESNET_INIT(resnet_context_options, options);
      options.num_threads = 2;
      if (f.api->context_create(f.model, &options, &context, nullptr) != RESNET_OK) {
        ++wrong;
        return;
      }
      for (int i = 0; i < 50; ++i) {
        std::vector<float> output;
        wrong += f.run(image(3), output, 3, context) != RESNET_OK || output != expected;
      }
      f.api->context_destroy(context);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Contexts, CreateAndDestroyAtAnyMoment) {
  for (int i = 0; i < 50; ++i) {
    Fixture f;
    f.create(1 + i % 4);
    std::vector<float> output;
    for (int run = 0; run < i % 3; ++run)
      ASSERT_EQ(f.run(image(1), output, 1), RESNET_OK);
  }
}

TEST(Contexts, WorkersThatSleptAreWoken) {
  Fixture f;
  f.create(3);
  std::vector<float> expected, output;
  ASSERT_EQ(f.run(image(2), expected, 2), RESNET_OK);
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2)); // longer than they spin
    ASSERT_EQ(f.run(image(2), output, 2), RESNET_OK);
    EXPECT_EQ(output, expected);
  }
}

TEST(Contexts, ReentryIsBusy) {
  Fixture f;
  resnet_status inside = RESNET_OK;
  body = [&](const RunArguments &) {
    inside = f.api->context_reserve(f.context, 2);
    return 0;
  };
  f.create(1);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK);
  EXPECT_EQ(inside, RESNET_BUSY);
}

/// A host's pool: a thread a task, backwards, with flush-to-zero set as hosts do.
static int32_t hostPool(void *userData, resnet_task task, void *taskData, int32_t count) {
  ++*static_cast<std::atomic<int> *>(userData);
  std::vector<std::thread> threads;
  for (int32_t i = count - 1; i > 0; --i)
    threads.emplace_back([=] {
      _mm_setcsr(0x9FC0);
      task(taskData, i);
      if (_mm_getcsr() != 0x9FC0)
        std::abort();
    });
  task(taskData, 0);
  for (std::thread &thread : threads)
    thread.join();
  return 0;
}

TEST(HostPool, GivesTheSameResult) {
  Fixture own;
  own.create(1);
  std::vector<float> expected, output;
  ASSERT_EQ(own.run(image(2), expected, 2), RESNET_OK);

  std::atomic<int> calls{0};
  Fixture f;
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = 3;
  options.parallel_for = hostPool;
  options.parallel_for_data = &calls;
  f.create(options);
  ASSERT_EQ(f.run(image(2), output, 2), RESNET_OK);
  EXPECT_EQ(output, expected);
  EXPECT_EQ(calls, 2);
}

TEST(HostPool, RunsEverythingOnOneThreadToo) {
  Fixture f;
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = 4;
  options.parallel_for = [](void *, resnet_task task, void *data, int32_t count) {
    for (int32_t i = 0; i < count; ++i)
      task(data, i);
    return 0;
  };
  f.create(options);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(2), output, 2), RESNET_OK);
}

TEST(HostPool, BreachesAreErrors) {
  Fixture f;
  RESNET_INIT(resnet_context_options, options);
  options.num_threads = 4;
  options.parallel_for = [](void *, resnet_task task, void *data, int32_t) {
    task(data, 0);
    return 0;
  };
  f.create(options);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(2), output, 2), RESNET_ERROR);
  EXPECT_NE(f.error().find("the host's parallel_for finished 1 of 4 tasks"), std::string::npos) << f.error();
  f.api->context_destroy(f.context);
  options.parallel_for = [](void *, resnet_task, void *, int32_t) { return 3; };
  f.create(options);
  EXPECT_EQ(f.run(image(2), output, 2), RESNET_ERROR);
  EXPECT_NE(f.error().find("the host's parallel_for returned 3"), std::string::npos) << f.error();
  options.pin_threads = 1;
  resnet_error error;
  resnet_context *context;
  EXPECT_EQ(f.api->context_create(f.model, &options, &context, &error), RESNET_INVALID_ARGUMENT);
}

// ThreadSanitizer refuses to start threads in the child of a multithreaded process.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RESNET_NO_FORK_TEST
#endif
#endif

#ifndef RESNET_NO_FORK_TEST
TEST(Fork, TheChildUsesTheModelButNotTheContext) {
  Fixture f;
  f.create(3);
  std::vector<float> expected, output;
  ASSERT_EQ(f.run(image(1), expected, 1), RESNET_OK);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int failed = 0;
    failed |= (f.run(image(1), output, 1) != RESNET_FORKED) << 0;
    failed |= (f.error().find("before a fork") == std::string::npos) << 1;
    failed |= (f.api->context_reserve(f.context, 1) != RESNET_FORKED) << 2;
    RESNET_INIT(resnet_context_info, info);
    RESNET_INIT(resnet_step_profile, profile);
    failed |= (f.api->context_info(f.context, &info) != RESNET_FORKED) << 5;
    failed |= (f.api->profile_enable(f.context, 1) != RESNET_FORKED || f.api->profile_reset(f.context) != RESNET_FORKED ||
               f.api->profile_step(f.context, 0, &profile) != RESNET_FORKED)
              << 6;
    f.api->context_destroy(f.context); // does not wait for threads that are not here
    f.context = nullptr;
    RESNET_INIT(resnet_context_options, options);
    options.num_threads = 2;
    failed |= (f.api->context_create(f.model, &options, &f.context, nullptr) != RESNET_OK) << 3;
    failed |= (f.run(image(1), output, 1) != RESNET_OK || output != expected) << 4;
    f.api->context_destroy(f.context);
    f.api->model_destroy(f.model);
    _exit(failed);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK) << "the parent's context goes on";
  EXPECT_EQ(output, expected);
}
#endif
