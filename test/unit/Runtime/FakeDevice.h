// Devices made of host memory, which count what they hand out and fail where a test says so.

#ifndef RESNET_TEST_FAKEDEVICE_H
#define RESNET_TEST_FAKEDEVICE_H

#include "runtime/Device.h"
#include "test/unit/Runtime/FakeProgram.h"

#include <atomic>
#include <string>
#include <vector>

namespace resnet::test {

struct FakeDriver {
  std::vector<resnet_device_description> devices;
  std::string missing; // why there is no driver; empty: there is one
  std::string failure; // why the next finish fails
  uint64_t memory = UINT64_MAX;
  std::atomic<uint64_t> held{0}, uploaded{0}, downloaded{0};
  std::atomic<int> opened{0}, queues{0}, allocations{0}, wrapped{0}, marks{0}, calls{0}, allocated{0};
  void reset();
  /// Nothing is left that a model or context made.
  bool isClean() const { return opened == 0 && queues == 0 && allocations == 0 && wrapped == 0 && marks == 0 && held == 0; }
};
extern FakeDriver driver;
extern const resnet_device_api fakeDevice; // of kind "fake"

/// A model of the fake program with the CPU's variant and a device's, of which either may be taken out.
struct DeviceFixture : Fixture {
  DeviceFixture();
  ~DeviceFixture();
  resnet_status createModel(const char *device, resnet_error *error = nullptr);
  resnet_status createContext(bool profile = false);
};

/// What the device's main calls.
extern std::function<int32_t(const RunArguments &)> deviceBody;

/// Its default: computes what computeLogits does, on one thread, from buffers that it moves to the device.
int32_t computeOnDevice(const RunArguments &arguments);

} // namespace resnet::test

#endif // RESNET_TEST_FAKEDEVICE_H
