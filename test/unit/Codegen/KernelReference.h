// What each kernel kind means, as plain loops over logical NCHW arrays in f64, and the check of a compiled kernel against it.

#ifndef RESNET_TEST_UNIT_CODEGEN_KERNELREFERENCE_H
#define RESNET_TEST_UNIT_CODEGEN_KERNELREFERENCE_H

#include "KernelRunner.h"
#include <string>
#include <vector>

namespace resnet::test {

/// Operands without layout: images in NCHW, the filter in OIHW, vectors by channel. Unused ones are empty.
struct LogicalOperands {
  std::vector<float> input, filter, bias, gate, addend, scale, shift;
  std::vector<std::vector<float>> moreInputs;
};

/// One value of the result, and the sum of the absolute values of the terms that made it: rounding errors scale with that.
struct Expected {
  double value, magnitude;
};

/// A pair of maps, what post makes of a sum and the sum, lies in memory as one map of twice the channels.
ActivationGeometry storedOutput(const codegen::KernelSpec &spec);
ActivationGeometry storedAddend(const codegen::KernelSpec &spec);

/// The result in NCHW. `spec` is as the user wrote it or canonical: both describe the same work.
std::vector<Expected> reference(const codegen::KernelSpec &spec, const LogicalOperands &in, int batch);

/// Compiles `spec`, runs it on seeded operands for batches 1, 2 and 5, with 1 and 3 threads, some through views with a larger
/// image stride, and expects
/// - the reference's values, within 1e-6 of a term's magnitude (and a few units more for long sums),
/// - zeros in padding lanes, and nothing else written: halos and gaps keep their bytes,
/// - nothing read outside the arguments (guard pages behind every buffer, NaNs around it),
/// - the same bits for an image in any batch and with any number of threads,
/// - where spec.batch fixes the batch: that one instead, and the same bits from the kernel for any batch,
/// - no more scratch than announced.
void expectMatchesReference(const codegen::KernelSpec &spec);

/// The same for every instruction-set level that this processor runs.
void expectMatchesReferenceOnAllTargets(codegen::KernelSpec spec);

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_CODEGEN_KERNELREFERENCE_H
