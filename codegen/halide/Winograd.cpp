// Winograd convolution with 3x3 filters, strides 1 and 2 (Lavin and Gray 2015; Toom-Cook in two dimensions).
//   input  (c, x, y, k, n)      blocked by 16 channels; what lies beyond its halo counts as zero
//   filter (co, ci, kx, ky, k)  as the direct convolution reads it: it is transformed here, by parts that fit the cache
//   bias   (co, k),  addend and output (c, x, y, k, n), interiors only
// With the one-dimensional transform A, B, G, tiles f of m x m outputs and points (u, v):
//   V = B d B^T,  U = G g G^T,  M(u, v) = SUM over ci of U(u, v) * V(u, v),  out = A M A^T
// Filters are stored plain because memory, not arithmetic, bounds the last stages: transformed ones would be up to four times as
// many bytes. Transforming costs 2 to 25% of the arithmetic and hides behind the stream.

#include "codegen/halide/Winograd.h"
#include "codegen/halide/ConstantMatrix.h"
#include "codegen/halide/WinogradPrefetch.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

WinogradGroups::WinogradGroups(const KernelSpec &s)
    : tiles(s, s.schedule), mixed(s.schedule.mixedTiles), groupRows(asInt(s.schedule.tileRows)), images(asInt(s.schedule.images)),
      group(tiles.x.tiles() * groupRows * images), partSize(asInt(s.schedule.tileColumns)),
      parts(asInt(ceilDiv(group, partSize))), inputBlocks(asInt(s.input.blocks())),
      chunks(s.schedule.inputChannels ? asInt(inputBlocks * s.input.block / s.schedule.inputChannels) : 1) {}

//===-- Algorithm ---------------------------------------------------------===//

Expr codegen::readTiledInput(const Kernel &kernel, const WinogradGroups &groups, const Var &c, const Expr &cb, Expr ix, Expr iy,
                             const Expr &n) {
  const KernelSpec &s = kernel.spec;
  const auto last = [](const WinogradAxis &axis, int64_t stride, int64_t padding) {
    return (axis.outputs() - 1) * asInt(stride) + axis.largest().taps - 1 - asInt(padding);
  };
  const int endX = asInt(s.input.width + s.input.halo.right), endY = asInt(s.input.height + s.input.halo.bottom);
  Expr inside;
  if (last(groups.tiles.x, s.strides[1], s.padding.left) >= endX)
    inside = ix < endX, ix = min(ix, endX - 1);
  if (last(groups.tiles.y, s.strides[0], s.padding.top) >= endY) {
    inside = inside.defined() ? inside && iy < endY : iy < endY;
    iy = min(iy, endY - 1);
  }
  const Expr value = kernel.input(c, ix, iy, cb, n);
  return inside.defined() ? select(inside, value, 0.f) : value;
}

// U = G g G^T
static void defineFilter(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const auto [c, x, y, k, n] = a.v;
  a.filterRows(c, k, a.ci, a.pu, a.r) =
      transform(groups.tiles.x.largest().filter, a.pu, [&](int j) -> Expr { return kernel.filter(c, a.ci, j, a.r, k); });
  a.U(c, k, a.ci, a.pu, a.pv) =
      transform(groups.tiles.y.largest().filter, a.pv, [&](int j) -> Expr { return a.filterRows(c, k, a.ci, a.pu, j); });
}

// Which of the transformed filter's rows a point is multiplied by.
static Expr weightOf(const WinogradAxis &axis, const Var &point) {
  const WinogradTransform &t = axis.largest();
  if (t.weights() == t.points())
    return point;
  return pick(point, std::vector<Expr>(t.weightOf.begin(), t.weightOf.end()));
}

// Parts of the tiles that have a point.
static Expr partsAt(const WinogradGroups &groups, const Var &pu, const Var &pv) {
  const auto tilesAt = [](const WinogradAxis &axis, const Var &point) {
    return pick(point, std::vector<Expr>(axis.tilesAt.begin(), axis.tilesAt.end()));
  };
  const Expr tiles = tilesAt(groups.tiles.x, pu) * tilesAt(groups.tiles.y, pv) * groups.images;
  return (tiles + (groups.partSize - 1)) / groups.partSize;
}

// M = SUM U V, in the order of the input channels whatever the schedule.
static void defineProducts(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const auto [c, x, y, k, n] = a.v;
  const auto &[fi, fo, q, g, pu, pv] = std::tie(a.fi, a.fo, a.q, a.g, a.pu, a.pv);
  const int block = asInt(kernel.spec.input.block), perChunk = groups.inputBlocks * block / groups.chunks;
  const int lanes = std::min(block, perChunk), partsOfBlock = block / lanes;
  RDom rd({{0, lanes}, {0, std::max(1, perChunk / block)}, {0, groups.chunks}}, kernel.name("r"));
  a.rc = rd[0], a.rb = rd[1], a.rChunk = rd[2];
  const bool inRegisters = groups.chunks == 1; // the sum, where it is complete; between chunks it is in memory
  if (groups.mixed && !inRegisters)
    rd.where(fo < partsAt(groups, pu, pv));
  const Expr lane = rd[2] % partsOfBlock * lanes + rd[0],
             inputBlock = rd[2] / partsOfBlock * std::max(1, perChunk / block) + rd[1];
  const Expr term =
      a.U(c, k, rd[2] * perChunk + rd[1] * block + rd[0], weightOf(groups.tiles.x, pu), weightOf(groups.tiles.y, pv)) *
      a.V(lane, fi, inputBlock, fo, pu, pv, q, g);
  Func sum = inRegisters ? a.product : a.M;
  sum(c, k, fi, fo, pu, pv, q, g) = 0.f;
  sum(c, k, fi, fo, pu, pv, q, g) += term;
  if (!inRegisters)
    return;
  if (!groups.mixed) {
    a.M(c, k, fi, fo, pu, pv, q, g) = a.product(c, k, fi, fo, pu, pv, q, g);
    return;
  }
  RDom part(0, groups.parts, kernel.name("parts"));
  part.where(part < partsAt(groups, pu, pv));
  a.part = part;
  a.M(c, k, fi, fo, pu, pv, q, g) = undef<float>();
  a.M(c, k, fi, part, pu, pv, q, g) = a.product(c, k, fi, part, pu, pv, q, g);
}

static Winograd algorithm(const Kernel &kernel, const WinogradGroups &groups) {
  Winograd a;
  a.filterRows = kernel.func("filter_rows"), a.U = kernel.func("u"), a.V = kernel.func("v");
  a.product = kernel.func("product"), a.M = kernel.func("m"), a.outputs = kernel.func("outputs"), a.out = kernel.func("out");
  defineFilter(kernel, groups, a);
  groups.mixed ? defineMixedInput(kernel, groups, a) : defineEqualInput(kernel, groups, a);
  defineProducts(kernel, groups, a);
  Expr result = groups.mixed ? defineMixedOutput(kernel, groups, a) : defineEqualOutput(kernel, groups, a);
  if (kernel.spec.epilogue.bias)
    result += kernel.bias(a.v.c, a.v.k);
  defineOutput(kernel, a.out, a.v, result);
  return a;
}

//===-- Schedule ----------------------------------------------------------===//

static void scheduleFilter(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const Var c = a.v.c, k = a.v.k;
  const int block = asInt(kernel.spec.output.block);
  a.U.reorder_storage(c, k, a.ci, a.pu, a.pv);
  a.U.vectorize(c).unroll(a.pu).unroll(a.pv);
  a.U.bound(c, 0, block).bound(a.pu, 0, groups.tiles.x.largest().weights()).bound(a.pv, 0, groups.tiles.y.largest().weights());
  a.U.reorder(c, a.pv, a.pu, a.ci, k);
  a.filterRows.compute_at(a.U, a.pu).vectorize(c).unroll(a.r);
}

static void scheduleProducts(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const Var c = a.v.c, k = a.v.k;
  const int block = asInt(kernel.spec.output.block);
  a.V.bound(c, 0, block).bound(a.fi, 0, groups.partSize).bound(a.fo, 0, groups.parts).bound(a.cb, 0, groups.inputBlocks);
  a.V.bound(a.pu, 0, groups.pointsX()).bound(a.pv, 0, groups.pointsY());
  a.M.bound(c, 0, block).bound(a.fi, 0, groups.partSize).bound(a.fo, 0, groups.parts);
  a.M.bound(a.pu, 0, groups.pointsX()).bound(a.pv, 0, groups.pointsY());
  // One group at a time, which bounds inference does not see through the guard of the last rows.
  a.V.bound_extent(a.g, 1).bound_extent(a.q,
                                        kernel.spec.schedule.filterOutermost ? groups.tiles.y.tiles() / groups.groupRows : 1);
  a.M.bound_extent(a.g, 1).bound_extent(a.q, 1);

  const auto registerTile = [&](Stage stage) { stage.vectorize(c).unroll(a.fi).unroll(k); };
  if (!groups.mixed || groups.chunks > 1)
    registerTile(a.M);
  if (groups.chunks == 1) {
    if (groups.mixed)
      registerTile(a.M.update().reorder({c, k, a.fi, a.part, a.pu, a.pv, a.q, a.g}));
    groups.mixed ? a.product.compute_at(a.M, a.part) : a.product.compute_at(a.M, a.fo);
    registerTile(a.product);
    registerTile(a.product.update().reorder({c, k, a.fi, a.rc, a.rb, a.rChunk}));
  } else {
    registerTile(a.M.update().reorder({c, k, a.fi, a.rc, a.rb, a.fo, a.pu, a.pv, a.q, a.g, a.rChunk}));
  }

  // Planes of points lie apart by one line more than they need: a power of two would map all of a vector's points to one set of
  // the cache (measured on Zen 4: the filter's transform of 512 x 512 takes 1.25 ms then, 0.5 ms otherwise).
  a.U.bound_storage(a.ci, groups.inputBlocks * block / groups.chunks + 1);
  a.V.bound_storage(a.cb, groups.inputBlocks + 1);
}

Pipeline codegen::buildWinograd(const Kernel &kernel) {
  const WinogradGroups groups(kernel.spec);
  Winograd winograd = algorithm(kernel, groups);
  bindOutput(kernel, winograd.out);
  groups.mixed ? scheduleMixed(kernel, groups, winograd) : scheduleEqual(kernel, groups, winograd);
  scheduleFilter(kernel, groups, winograd);
  scheduleProducts(kernel, groups, winograd);
  Pipeline pipeline(winograd.out);
  if (kernel.spec.schedule.filterOutermost) {
    const bool update = groups.mixed || groups.chunks > 1;
    pipeline.add_custom_lowering_pass(new WinogradPrefetch(
        kernel.spec.filter, kernel.name("filter"), kernel.name("r"), kernel.name("m") + (update ? ".s1." : ".s0."),
        kernel.spec.schedule.tileBlocks, groups.chunks, groups.pointsX(), groups.pointsY()));
  }
  return pipeline;
}
