// A driver whose queue executes at once.

#include "test/unit/Runtime/FakeDevice.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

namespace resnet::test {

FakeDriver driver;

void FakeDriver::reset() {
  devices = {{"Alpha One", false, 1 << 30, 1 << 30}, {"Beta CPU", true, 1 << 30, 1 << 30}};
  missing = failure = "";
  memory = UINT64_MAX;
  uploaded = downloaded = 0;
  calls = allocated = 0;
}

static resnet_status fail(resnet_status status, const std::string &message, resnet_error *error) {
  if (error)
    std::snprintf(error->message, sizeof error->message, "%s", message.c_str());
  return status;
}

static resnet_status countDevices(int32_t *count, resnet_error *error) {
  ++driver.calls;
  *count = int32_t(driver.devices.size());
  return driver.missing.empty() ? RESNET_OK : fail(RESNET_NO_DEVICE, driver.missing, error);
}

static resnet_status describe(int32_t index, resnet_device_description *description, resnet_error *) {
  *description = driver.devices[size_t(index)];
  return RESNET_OK;
}

static resnet_status openDevice(int32_t index, void **device, resnet_error *) {
  ++driver.opened;
  *device = &driver.devices[size_t(index)];
  return RESNET_OK;
}

static void closeDevice(void *) { --driver.opened; }

static void native(void *device, void **context, void **id) { *context = device, *id = nullptr; }

static resnet_status createQueue(void *, void **queue, resnet_error *) {
  ++driver.queues;
  *queue = &driver;
  return RESNET_OK;
}

static void destroyQueue(void *) { --driver.queues; }

static resnet_status finish(void *, resnet_error *error) {
  return driver.failure.empty() ? RESNET_OK : fail(RESNET_ERROR, driver.failure, error);
}

static resnet_status allocate(void *, uint64_t bytes, resnet_device_memory *memory, resnet_error *error) {
  ++driver.allocated;
  if (bytes > driver.memory - driver.held)
    return fail(RESNET_OUT_OF_MEMORY, "fake: " + std::to_string(bytes) + " bytes are too many", error);
  ++driver.allocations;
  driver.held += bytes;
  memory->native = std::malloc(bytes);
  std::memset(memory->native, 0xff, bytes);
  memory->handle = uint64_t(uintptr_t(memory->native));
  memory->bytes = bytes;
  return RESNET_OK;
}

static void release(void *, resnet_device_memory *memory) {
  if (memory->native) {
    --driver.allocations;
    driver.held -= memory->bytes;
    std::free(memory->native);
  }
  *memory = {};
}

static resnet_status wrap(void *, void *data, uint64_t bytes, resnet_device_memory *memory, resnet_error *error) {
  if (data == &driver)
    return fail(RESNET_INVALID_ARGUMENT, "fake: that is no memory", error);
  ++driver.wrapped;
  *memory = {uint64_t(uintptr_t(data)), data, bytes};
  return RESNET_OK;
}

static void unwrap(resnet_device_memory *memory) {
  if (memory->native)
    --driver.wrapped;
  *memory = {};
}

static resnet_status upload(void *, const resnet_device_memory *to, const void *from, uint64_t bytes, resnet_error *) {
  EXPECT_LE(bytes, to->bytes);
  driver.uploaded += bytes;
  std::memcpy(to->native, from, bytes);
  return RESNET_OK;
}

static resnet_status download(void *, void *to, const resnet_device_memory *from, uint64_t bytes, resnet_error *) {
  EXPECT_LE(bytes, from->bytes);
  driver.downloaded += bytes;
  std::memcpy(to, from->native, bytes);
  return RESNET_OK;
}

static void *mark(void *) {
  ++driver.marks;
  return std::malloc(1);
}

static uint64_t elapsed(void *, void *, void *) { return 7; }

static void unmark(void *, void *marked) {
  if (marked)
    --driver.marks;
  std::free(marked);
}

static const halide_device_interface_t *interface() { return reinterpret_cast<const halide_device_interface_t *>(&driver); }

const resnet_device_api fakeDevice = {"fake",       countDevices, describe, openDevice, closeDevice, native, createQueue,
                                      destroyQueue, finish,       allocate, release,    wrap,        unwrap, upload,
                                      download,     mark,         elapsed,  unmark,     interface};

//===-- The program -------------------------------------------------------===//

// The memory of a buffer that begins at `address`, moved to the device as a launch does it.
static float *moved(void *run, const void *address, int32_t &status) {
  halide_dimension_t dim = {3, 16, 1, 0};
  halide_buffer_t buffer{};
  buffer.host = static_cast<uint8_t *>(const_cast<void *>(address));
  buffer.dimensions = 1;
  buffer.dim = &dim;
  status = resnet_runtime_device_buffer(run, &buffer);
  if (status != 0)
    return nullptr;
  EXPECT_EQ(buffer.host, nullptr);
  EXPECT_EQ(buffer.device_interface, interface());
  return reinterpret_cast<float *>(uintptr_t(buffer.device)) + (3 - dim.min);
}

int32_t computeOnDevice(const RunArguments &a) {
  int32_t status = 0;
  resnet_runtime_zero_halo(a.run, a.arena, a.batch, 192, 1, 1, 4, 4, 1, 1, 1, 1);
  resnet_runtime_step(a.run, 0);
  for (int64_t n = 0; n < a.batch && status == 0; ++n) {
    const float *input = moved(a.run, a.input + n * 48, status);
    float *sums = status == 0 ? moved(a.run, a.arena + n * 4096, status) : nullptr;
    for (int i = 0; status == 0 && i < 48; ++i) {
      float sum = 0;
      for (int k = 0; k < 64; ++k)
        sum += std::sin(input[i] * float(k));
      sums[i] = sum;
    }
  }
  resnet_runtime_step(a.run, 1);
  for (int64_t n = 0; n < a.batch && status == 0; ++n) {
    const float *sums = moved(a.run, a.arena + n * 4096, status);
    const float *weights = status == 0 ? moved(a.run, a.weights, status) : nullptr;
    float *output = status == 0 ? moved(a.run, a.output + n * 10, status) : nullptr;
    for (int i = 0; status == 0 && i < 10; ++i) {
      float sum = 0;
      for (int k = 0; k < 48; ++k)
        sum += sums[k] * weights[i] / float(k + 1);
      output[i] = sum;
    }
  }
  resnet_runtime_step(a.run, 2);
  return status;
}

std::function<int32_t(const RunArguments &)> deviceBody = computeOnDevice;

static int32_t deviceMain(void *run, const void *const *inputs, void *const *outputs, void *arena, const void *weights,
                          int64_t batch) {
  return deviceBody({run, static_cast<const float *>(inputs[0]), static_cast<float *>(outputs[0]), static_cast<char *>(arena),
                     static_cast<const float *>(weights), batch, inputs, outputs});
}

DeviceFixture::DeviceFixture() {
  driver.reset();
  deviceBody = computeOnDevice;
  variants.push_back({"fake", RESNET_CPU_X86_64, 0, deviceMain, 0, nullptr, nullptr, &fakeDevice});
}

DeviceFixture::~DeviceFixture() {
  api->context_destroy(context);
  api->model_destroy(model);
  context = nullptr, model = nullptr;
  EXPECT_TRUE(driver.isClean());
}

resnet_status DeviceFixture::createModel(const char *device, resnet_error *error) {
  resnet_cpu cpu = resnet_cpu_detect();
  RESNET_INIT(resnet_model_options, options);
  options.device = device;
  return resnet_model_create_for(&get(), &cpu, &options, &model, error);
}

resnet_status DeviceFixture::createContext(bool profile) {
  RESNET_INIT(resnet_context_options, options);
  options.profile = profile;
  return api->context_create(model, &options, &context, nullptr);
}

} // namespace resnet::test
