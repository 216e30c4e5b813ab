// Windows of equal work on threads that wait for each other before they start.

#include "benchmarks/peak/Rate.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

namespace resnet::peak {

volatile float sink;

static double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

double bestRate(int threads, const Work &work) {
  constexpr int windows = 8;
  constexpr double windowSeconds = 0.05;
  long rounds = 1;
  for (auto begin = Clock::now(); work(0, rounds), seconds(begin) < windowSeconds / 2; begin = Clock::now())
    rounds *= 2;

  double best = 0;
  for (int window = 0; window < windows; ++window) {
    std::atomic<int> waiting{threads};
    std::vector<double> rates(static_cast<size_t>(threads));
    std::vector<std::thread> others;
    auto run = [&](int thread) {
      --waiting;
      while (waiting > 0) {
      }
      const auto begin = Clock::now();
      const double units = work(thread, rounds);
      rates[static_cast<size_t>(thread)] = units / seconds(begin);
    };
    for (int i = 1; i < threads; ++i)
      others.emplace_back(run, i);
    run(0);
    for (std::thread &other : others)
      other.join();
    double sum = 0;
    for (double rate : rates)
      sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

} // namespace resnet::peak
