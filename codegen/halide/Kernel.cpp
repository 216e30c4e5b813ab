// Operands, epilogue and the plain schedule that kernel families share.

#include "codegen/halide/Kernel.h"
#include "codegen/halide/DeviceSchedules.h"
#include "codegen/schedules/Machine.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;
using Role = KernelArgument::Role;

static const char *roleName(Role role) {
  switch (role) {
  case Role::Input:
    return "input";
  case Role::Filter:
    return "filter";
  case Role::Bias:
    return "bias";
  case Role::Gate:
    return "gate";
  case Role::Addend:
    return "addend";
  case Role::Scale:
    return "scale";
  case Role::Shift:
    return "shift";
  case Role::Output:
    return "output";
  }
  return "";
}

// On a device the smallest coordinate of the first dimension says where in its allocation an operand lies, so it may be any.
// Elements are accessed by their declared coordinates all the same.
template <typename Dimension>
static void declareInnermost(Dimension dimension, const KernelArgument::Dim &declared, bool device) {
  if (device)
    dimension.set_extent(declared.extent).set_stride(declared.stride);
  else
    dimension.set_bounds(declared.min, declared.extent).set_stride(declared.stride);
}

static ImageParam makeParam(const KernelArgument &a, int64_t batch, const std::string &name, bool device) {
  ImageParam p(Float(32), static_cast<int>(a.dims.size()), name);
  declareInnermost(p.dim(0), a.dims[0], device);
  for (int d = 1; d < static_cast<int>(a.dims.size()); ++d) {
    // An image's stride is the caller's: views of a channel range are allowed.
    if (d == a.batchDim && batch == 0)
      p.dim(d).set_min(0);
    else if (d == a.batchDim)
      p.dim(d).set_bounds(0, static_cast<int>(batch));
    else
      p.dim(d).set_bounds(a.dims[d].min, a.dims[d].extent).set_stride(a.dims[d].stride);
  }
  return p;
}

Kernel::Kernel(const KernelSpec &spec, const std::string &prefix) : spec(spec), prefix(prefix), args(arguments(spec)) {
  for (const KernelArgument &a : args) {
    if (a.role == Role::Output)
      continue;
    std::string argument = name(roleName(a.role));
    if (a.role == Role::Input && input.defined()) {
      argument += std::to_string(moreInputs.size() + 1);
      moreInputs.push_back(makeParam(a, spec.batch, argument, isDevice(spec.target)));
      operands.push_back(moreInputs.back());
      continue;
    }
    ImageParam *slots[] = {&input, &filter, &bias, &gate, &addend, &scale, &shift};
    ImageParam &slot = *slots[static_cast<int>(a.role)];
    slot = makeParam(a, spec.batch, argument, isDevice(spec.target));
    operands.push_back(slot);
  }
  const Epilogue &e = spec.epilogue;
  const bool together = spec.addend.block == spec.output.block && e.addendChannels % spec.output.block == 0;
  if (spec.kind == KernelKind::Conv2d && e.addend && !together && deviceLanes(*this) > 1)
    gatheredAddend = func("gathered_addend");
}

Expr codegen::readChannel(const ImageParam &p, const ActivationGeometry &g, Expr ch, Expr x, Expr y, Expr n) {
  const int block = static_cast<int>(g.block);
  if (g.block == 1)
    return p(0, x, y, ch, n);
  if (g.blocks() == 1)
    return p(ch, x, y, 0, n);
  return p(ch % block, x, y, ch / block, n);
}

Expr codegen::readVector(const ImageParam &p, int64_t block, Expr ch) {
  return p(ch % static_cast<int>(block), ch / static_cast<int>(block));
}

//   addend(c - addendChannels, x * addendStrides[1], y * addendStrides[0]), zero for channels outside the addend
static Expr readAddend(const Kernel &kernel, const Vars &v) {
  const KernelSpec &s = kernel.spec;
  const auto asInt = [](int64_t value) { return static_cast<int>(value); };
  const int block = asInt(s.output.block), before = asInt(s.epilogue.addendChannels);
  const Expr x = v.x * asInt(s.epilogue.addendStrides[1]), y = v.y * asInt(s.epilogue.addendStrides[0]);
  // Whole blocks: a condition that vector lanes share. Lanes behind the addend's last channel are zero as they lie in memory.
  if (s.addend.block == s.output.block && before % block == 0) {
    const int first = before / block, blocks = asInt(s.addend.blocks());
    if (first == 0 && blocks == s.output.blocks())
      return kernel.addend(v.c, x, y, v.k, v.n);
    const Expr k = v.k - first;
    return select(k >= 0 && k < blocks, kernel.addend(v.c, x, y, clamp(k, 0, blocks - 1), v.n), 0.f);
  }
  const Expr ch = v.k * block + v.c - before;
  const int last = asInt(s.addend.channels) - 1;
  return select(ch >= 0 && ch <= last, readChannel(kernel.addend, s.addend, clamp(ch, 0, last), x, y, v.n), 0.f);
}

Expr codegen::finish(const Kernel &kernel, const Vars &v, Expr sum) {
  const KernelSpec &s = kernel.spec;
  if (s.epilogue.addend && kernel.gatheredAddend) {
    Func gathered = *kernel.gatheredAddend;
    gathered(v.all()) = readAddend(kernel, v);
    sum += gathered(v.all());
  } else if (s.epilogue.addend) {
    sum += readAddend(kernel, v);
  }
  return activate(s.epilogue.activation, s.epilogue.activatedChannels, s.output.block, s.output.channels, v.c, v.k, sum);
}

// The pair's dimension, between blocks and images.
static Var pairVar() { return Var("h"); }

void codegen::defineOutput(const Kernel &kernel, Func out, const Vars &v, Expr sum) {
  const Epilogue &e = kernel.spec.epilogue;
  const ActivationGeometry &g = kernel.spec.output;
  const auto [c, x, y, k, n] = v;
  const Expr value = finish(kernel, v, sum);
  if (!e.post) {
    out(c, x, y, k, n) = value;
    return;
  }
  const Expr post = activate(e.postActivation, -1, g.block, g.channels, c, k, value * kernel.scale(c, k) + kernel.shift(c, k));
  const Var h = pairVar();
  // The sum comes last: where it is written over the addend, post has been computed.
  if (e.keepsSum)
    out(c, x, y, k, h, n) = select(h == 0, post, value);
  else
    out(c, x, y, k, n) = post;
}

void codegen::reorderOutput(const Kernel &kernel, Func out, std::vector<VarOrRVar> loops, int pairAt) {
  if (kernel.spec.epilogue.keepsSum) {
    loops.insert(loops.begin() + pairAt, pairVar());
    out.unroll(pairVar());
  }
  out.reorder(loops);
}

void codegen::bindOutput(const Kernel &kernel, Func out) {
  const KernelArgument &a = kernel.args.back();
  OutputImageParam p = out.output_buffer();
  const std::vector<Var> vars = out.args();
  declareInnermost(p.dim(0), a.dims[0], isDevice(kernel.spec.target));
  out.bound(vars[0], a.dims[0].min, a.dims[0].extent);
  for (int d = 1; d < static_cast<int>(a.dims.size()); ++d) {
    if (d == a.batchDim && kernel.spec.batch == 0) {
      p.dim(d).set_min(0);
      continue;
    }
    p.dim(d).set_bounds(a.dims[d].min, a.dims[d].extent);
    if (d != a.batchDim)
      p.dim(d).set_stride(a.dims[d].stride);
    out.bound(vars[d], a.dims[d].min, a.dims[d].extent);
  }
}

void codegen::scheduleStreaming(const Kernel &kernel, Func out, const Vars &v) {
  if (isDevice(kernel.spec.target)) {
    scheduleDeviceElements(kernel, out, v);
    return;
  }
  const Machine m = machineOf(kernel.spec.target);
  const ActivationGeometry &g = kernel.spec.output;
  if (g.block % m.lanes == 0 && g.block <= kChannelBlock)
    out.vectorize(v.c, static_cast<int>(g.block));
  else if (g.block > m.lanes)
    out.vectorize(v.c, m.lanes, g.block % m.lanes == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf);
  else if (g.block == 1 && g.width > 1)
    out.vectorize(v.x, std::min<int>(m.lanes, static_cast<int>(g.width)), TailStrategy::GuardWithIf);
  // One loop over rows, blocks and images: contiguous ranges of it are contiguous in memory.
  Var t("t");
  out.fuse(v.y, v.k, t).fuse(t, v.n, t).parallel(t);
}
