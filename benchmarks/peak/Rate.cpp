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

static double seconds(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

double bestRate(int threads, const Work &work) {
  // Shorter than what a scheduler gives to a thread at once, so that on a busy machine some windows are undisturbed.
  constexpr int windows = 200;
  constexpr double windowSeconds = 0.002;
  long rounds = 1;
  for (auto begin = Clock::now(); work(0, rounds), seconds(begin, Clock::now()) < windowSeconds / 2; begin = Clock::now())
    rounds *= 2;

  struct Share {
    Clock::time_point begin, end;
    double units;
  };
  double best = 0;
  for (int window = 0; window < windows; ++window) {
    std::atomic<int> waiting{threads};
    std::vector<Share> shares(static_cast<size_t>(threads));
    std::vector<std::thread> others;
    auto run = [&](int thread) {
      Share &share = shares[static_cast<size_t>(thread)];
      --waiting;
      while (waiting > 0) {
      }
      share.begin = Clock::now();
      share.units = work(thread, rounds);
      share.end = Clock::now();
    };
    for (int i = 1; i < threads; ++i)
      others.emplace_back(run, i);
    run(0);
    for (std::thread &other : others)
      other.join();
    // From the first that begins to the last that ends: threads that do not run at the same time do not add their rates.
    double units = 0;
    auto begin = shares[0].begin, end = shares[0].end;
    for (const Share &share : shares) {
      units += share.units;
      begin = std::min(begin, share.begin);
      end = std::max(end, share.end);
    }
    best = std::max(best, units / seconds(begin, end));
  }
  return best;
}

} // namespace resnet::peak
