// How fast work goes at best: what resnet-peak's probes share.

#ifndef RESNET_BENCHMARKS_PEAK_RATE_H
#define RESNET_BENCHMARKS_PEAK_RATE_H

#include <functional>

namespace resnet::peak {

/// Does `rounds` rounds as thread number `thread` and returns the units of work done.
using Work = std::function<double(int thread, long rounds)>;

/// Units a second of `threads` threads that start together: the best of several windows, because others may use the machine too.
double bestRate(int threads, const Work &work);

/// Where results go, so that no work is optimised away.
extern volatile float sink;

} // namespace resnet::peak

#endif // RESNET_BENCHMARKS_PEAK_RATE_H
