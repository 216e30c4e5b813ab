// Models and contexts of devices: which device is taken, where memory goes, what fails and what is left.

#include "test/unit/Runtime/FakeDevice.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace resnet::test;

static std::string deviceOf(const DeviceFixture &f) {
  RESNET_INIT(resnet_model_info, info);
  EXPECT_EQ(f.api->model_info(f.model, &info), RESNET_OK);
  return info.device;
}

static std::string chosen(const char *wanted, const std::function<void(DeviceFixture &)> &change = [](DeviceFixture &) {}) {
  DeviceFixture f;
  change(f);
  resnet_error error;
  if (f.createModel(wanted, &error) != RESNET_OK)
    return error.message;
  return deviceOf(f);
}

static std::vector<float> onCpu(int64_t batch) {
  Fixture f;
  f.create(1);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(batch), output, batch), RESNET_OK);
  return output;
}

TEST(DeviceChoice, NamesNumbersAndKinds) {
  EXPECT_EQ(chosen("cpu"), "cpu");
  EXPECT_EQ(chosen("CPU"), "cpu");
  EXPECT_EQ(chosen("0"), "Alpha One");
  EXPECT_EQ(chosen("1"), "Beta CPU");
  EXPECT_EQ(chosen("fake"), "Alpha One");
  EXPECT_EQ(chosen("beta"), "Beta CPU");
  EXPECT_EQ(chosen("a one"), "Alpha One");
}

TEST(DeviceChoice, ANumberIsNoPartOfAName) {
  const auto numbered = [](DeviceFixture &) { driver.devices[0].name[0] = '1'; };
  EXPECT_EQ(chosen("1", numbered), "Beta CPU");
  EXPECT_EQ(chosen("1lpha", numbered), "1lpha One");
}

TEST(DeviceChoice, WithoutAWordAnotherProcessorThenTheCpuThenAnyDevice) {
  const auto onlyBeta = [](DeviceFixture &) { driver.devices.erase(driver.devices.begin()); };
  const auto noDriver = [](DeviceFixture &) { driver.missing = "no driver here"; };
  const auto noCpu = [](DeviceFixture &f) { f.variants.erase(f.variants.begin()); };
  EXPECT_EQ(chosen(nullptr), "Alpha One");
  EXPECT_EQ(chosen(""), "Alpha One");
  EXPECT_EQ(chosen(nullptr, onlyBeta), "cpu");
  EXPECT_EQ(chosen(nullptr, noDriver), "cpu");
  EXPECT_EQ(chosen(nullptr, [&](DeviceFixture &f) { onlyBeta(f), noCpu(f); }), "Beta CPU");
  EXPECT_EQ(chosen(nullptr, [&](DeviceFixture &f) { noDriver(f), noCpu(f); }),
            "model \"fake\" finds no device for its code: fake: no driver here");
}

TEST(DeviceChoice, AnErrorListsWhatIsThere) {
  EXPECT_EQ(chosen("gamma"), "device \"gamma\" is not there; found 0: Alpha One (fake); 1: Beta CPU (fake)");
  EXPECT_EQ(chosen("2"), "device \"2\" is not there; found 0: Alpha One (fake); 1: Beta CPU (fake)");
  EXPECT_EQ(chosen("fake", [](DeviceFixture &) { driver.missing = "no driver here"; }),
            "device \"fake\" is not there; found fake: no driver here");
  EXPECT_EQ(chosen("fake", [](DeviceFixture &f) { f.variants.pop_back(); }),
            "device \"fake\": expected \"cpu\": model \"fake\" has code for no other device");
  EXPECT_EQ(chosen("cpu", [](DeviceFixture &f) { f.variants.erase(f.variants.begin()); }),
            "model \"fake\" has code for devices only, not for a CPU");
}

TEST(DeviceChoice, TheCpuAsksNoDriver) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("cpu"), RESNET_OK);
  EXPECT_EQ(driver.calls, 0);
}

TEST(DeviceInfo, DevicesAreEnumerated) {
  DeviceFixture f;
  RESNET_INIT(resnet_device_info, info);
  ASSERT_EQ(resnet_device_get_info_for(&f.get(), 1, &info), RESNET_OK);
  EXPECT_STREQ(info.name, "Beta CPU");
  EXPECT_STREQ(info.target, "fake");
  EXPECT_EQ(info.is_cpu, 1);
  EXPECT_EQ(resnet_device_get_info_for(&f.get(), 2, &info), RESNET_NO_DEVICE);
  EXPECT_EQ(resnet_device_get_info_for(&f.get(), -1, &info), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->device_info(0, &info), RESNET_NO_DEVICE) << "the library's own program has code for the CPU only";
  ASSERT_EQ(f.createModel("beta"), RESNET_OK);
  ASSERT_EQ(f.api->model_device(f.model, &info), RESNET_OK);
  EXPECT_STREQ(info.name, "Beta CPU");
  EXPECT_EQ(info.native_context, &driver.devices[1]);
}

TEST(DeviceRun, EqualsTheCpu) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  for (int64_t batch : {1, 3, 200}) {
    std::vector<float> output;
    ASSERT_EQ(f.run(image(batch), output, batch), RESNET_OK) << f.error();
    EXPECT_EQ(output, onCpu(batch));
  }
  RESNET_INIT(resnet_context_info, info);
  ASSERT_EQ(f.api->context_info(f.context, &info), RESNET_OK);
  EXPECT_EQ(info.num_threads, 1);
  EXPECT_EQ(info.arena_bytes, 200u * 4096);
}

TEST(DeviceRun, WeightsGoThereOnceForAllContexts) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  EXPECT_EQ(driver.uploaded, 40u);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  resnet_context *first = f.context;
  ASSERT_EQ(f.createContext(), RESNET_OK);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(2), output, 2), RESNET_OK);
  EXPECT_EQ(f.run(image(2), output, 2, first), RESNET_OK);
  EXPECT_EQ(driver.uploaded, 40u + 2 * 2 * 192);
  EXPECT_EQ(driver.downloaded, 2u * 2 * 40);
  f.api->context_destroy(first);
}

TEST(DeviceRun, ALargeBatchIsComputedInChunksThatFit) {
  DeviceFixture f;
  driver.devices[0].largest_allocation = 3 * 4096;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(true), RESNET_OK);
  std::vector<float> output;
  ASSERT_EQ(f.run(image(8), output, 8), RESNET_OK) << f.error();
  EXPECT_EQ(output, onCpu(8));
  RESNET_INIT(resnet_memory_info, memory);
  ASSERT_EQ(f.api->model_memory(f.model, 8, &memory), RESNET_OK);
  EXPECT_EQ(memory.arena_bytes, 3u * 4096);
  RESNET_INIT(resnet_step_profile, profile);
  ASSERT_EQ(f.api->profile_step(f.context, 1, &profile), RESNET_OK);
  EXPECT_EQ(profile.count, 3u);
  EXPECT_EQ(profile.total_ns, 21u) << "what the device's marks say";
}

TEST(DeviceRun, MemoryForAPartOfABatchIsEnough) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  driver.memory = driver.held + 3 * (4096 + 192 + 40);
  std::vector<float> output;
  ASSERT_EQ(f.run(image(10), output, 10), RESNET_OK) << f.error();
  EXPECT_EQ(output, onCpu(10));
  const int allocated = driver.allocated;
  ASSERT_EQ(f.run(image(10), output, 10), RESNET_OK) << f.error();
  EXPECT_EQ(driver.allocated, allocated) << "what has failed is not tried again";
}

TEST(DeviceRun, CopiesComeWithTheFirstRunThatNeedsThem) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  std::vector<float> input = image(5), output(50, -1.f);
  resnet_tensor in = tensor(input, {5, 3, 4, 4}), out = tensor(output, {5, 10});
  ASSERT_EQ(f.api->context_run_device(f.context, &in, 1, &out, 1), RESNET_OK) << f.error();
  ASSERT_EQ(f.run(image(2), output, 2), RESNET_OK) << f.error();
  EXPECT_EQ(output, onCpu(2));
  EXPECT_EQ(driver.allocations, 4) << "weights, arena, input and output";
  const int allocated = driver.allocated;
  ASSERT_EQ(f.run(image(5), output, 5), RESNET_OK) << f.error();
  EXPECT_EQ(output, onCpu(5));
  EXPECT_EQ(driver.allocated, allocated);
}

TEST(DeviceRun, OutOfMemoryLeavesAUsableContext) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  const uint64_t before = driver.held;
  driver.memory = before + 4095;
  std::vector<float> output;
  EXPECT_EQ(f.run(image(4), output, 4), RESNET_OUT_OF_MEMORY);
  EXPECT_EQ(f.error(),
            "out of memory on device \"Alpha One\": one image needs 4096 bytes of arena: fake: 4096 bytes are too many");
  EXPECT_EQ(driver.held, before);
  EXPECT_EQ(f.api->context_reserve(f.context, 1), RESNET_OUT_OF_MEMORY);
  driver.memory = UINT64_MAX;
  ASSERT_EQ(f.run(image(4), output, 4), RESNET_OK) << f.error();
  EXPECT_EQ(output, onCpu(4));
}

TEST(DeviceRun, AModelWhoseWeightsDoNotFitHoldsNothing) {
  DeviceFixture f;
  driver.memory = 39;
  resnet_error error;
  EXPECT_EQ(f.createModel("0", &error), RESNET_OUT_OF_MEMORY);
  EXPECT_STREQ(error.message, "device \"Alpha One\": fake: 40 bytes are too many");
  EXPECT_TRUE(driver.isClean());
}

TEST(DeviceRun, ADriversFailureIsTheRuns) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  driver.failure = "fake: the device fell off the bus";
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
  EXPECT_EQ(f.error(), driver.failure);
  driver.failure = "";
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK);
}

extern "C" void halide_error(void *user_context, const char *message);

TEST(DeviceRun, AKernelsReportIsOneLine) {
  DeviceFixture f;
  deviceBody = [](const RunArguments &a) {
    resnet_runtime_step(a.run, 0);
    halide_error(a.run, "clBuildProgram failed\nsource follows\n");
    return -3;
  };
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
  EXPECT_EQ(f.error(), "step 1 of 2, \"/conv1/Conv\" (conv2d_fake): clBuildProgram failed (code -3)");
  halide_error(nullptr, "when a library is unloaded there is no run");
}

TEST(DeviceRun, AnAddressOutsideOfTheRunsMemoryIsAnError) {
  DeviceFixture f;
  deviceBody = [](const RunArguments &a) {
    RunArguments wrong = a;
    wrong.weights = a.weights + 10;
    return computeOnDevice(wrong);
  };
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_ERROR);
  EXPECT_NE(f.error().find("a buffer lies outside of the run's memory"), std::string::npos) << f.error();
}

TEST(DeviceRun, TheCallersMemoryIsNotCopied) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  driver.uploaded = 0;
  std::vector<float> input = image(5), output(50, -1.f);
  resnet_tensor in = tensor(input, {5, 3, 4, 4}), out = tensor(output, {5, 10});
  ASSERT_EQ(f.api->context_run_device(f.context, &in, 1, &out, 1), RESNET_OK) << f.error();
  EXPECT_EQ(output, onCpu(5));
  EXPECT_EQ(driver.uploaded + driver.downloaded, 0u);
  EXPECT_EQ(driver.wrapped, 0);
  EXPECT_EQ(driver.allocations, 2) << "weights and arena; no copies of tensors";

  out.data = in.data;
  EXPECT_EQ(f.api->context_run_device(f.context, &in, 1, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "output 0 overlaps input 0 in memory");
  out.data = &driver;
  EXPECT_EQ(f.api->context_run_device(f.context, &in, 1, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "fake: that is no memory");
  EXPECT_EQ(driver.wrapped, 0);
}

TEST(DeviceRun, TheCpuTakesNoDeviceMemory) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("cpu"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  std::vector<float> input = image(1), output(10);
  resnet_tensor in = tensor(input, {1, 3, 4, 4}), out = tensor(output, {1, 10});
  EXPECT_EQ(f.api->context_run_device(f.context, &in, 1, &out, 1), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.error(), "expected a context of a device, found one of the CPU");
  RESNET_INIT(resnet_device_info, info);
  EXPECT_EQ(f.api->model_device(f.model, &info), RESNET_NO_DEVICE);
}

TEST(DeviceRun, ContextsRunAtOnce) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  const std::vector<float> expected = onCpu(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      resnet_context *context;
      if (f.api->context_create(f.model, nullptr, &context, nullptr) != RESNET_OK) {
        ++wrong;
        return;
      }
      for (int i = 0; i < 20; ++i) {
        std::vector<float> output;
        wrong += f.run(image(3), output, 3, context) != RESNET_OK || output != expected;
      }
      f.api->context_destroy(context);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

#if !defined(__SANITIZE_THREAD__)
TEST(DeviceRun, AForkedChildLeavesTheDriverAlone) {
  DeviceFixture f;
  ASSERT_EQ(f.createModel("0"), RESNET_OK);
  ASSERT_EQ(f.createContext(), RESNET_OK);
  const int allocations = driver.allocations, queues = driver.queues;
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::vector<float> output;
    int failed = f.run(image(1), output, 1) != RESNET_FORKED;
    resnet_context *made;
    failed |= (f.api->context_create(f.model, nullptr, &made, nullptr) != RESNET_FORKED) << 1;
    f.api->context_destroy(f.context);
    f.api->model_destroy(f.model);
    failed |= (driver.allocations != allocations || driver.queues != queues || driver.opened != 1) << 2;
    _exit(failed);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
#endif
