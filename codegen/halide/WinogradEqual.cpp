// Winograd's transforms of a map that is cut into tiles of one size, with partial ones at its right and lower edges: input tiles
// to V, and M to outputs, tile by tile as the output's loops go.

#include "codegen/halide/ConstantMatrix.h"
#include "codegen/halide/Winograd.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

// V = B d B^T; the last part repeats the last tile where the group does not fill it.
void codegen::defineEqualInput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const KernelSpec &s = kernel.spec;
  const WinogradTransform &t = groups.tiles.x.largest();
  const int columns = groups.tiles.x.tiles();
  const Var c = a.v.c;
  Expr f = a.fo * groups.partSize + a.fi;
  if (groups.group % groups.partSize != 0)
    f = min(f, groups.group - 1);
  const Expr column = f % columns, row = a.q * groups.groupRows + f / columns % groups.groupRows;
  const Expr image = a.g * groups.images + f / (columns * groups.groupRows);
  const Expr ix = column * t.step - asInt(s.padding.left), iy = row * t.step - asInt(s.padding.top);
  Func rows = kernel.func("input_rows");
  rows(c, a.fi, a.cb, a.fo, a.pu, a.r, a.q, a.g) =
      transform(t.input, a.pu, [&](int j) -> Expr { return readTiledInput(kernel, groups, c, a.cb, ix + j, iy + a.r, image); });
  a.V(c, a.fi, a.cb, a.fo, a.pu, a.pv, a.q, a.g) =
      transform(t.input, a.pv, [&](int j) -> Expr { return rows(c, a.fi, a.cb, a.fo, a.pu, j, a.q, a.g); });
  a.inputRows = {rows};
}

// A M A^T
Expr codegen::defineEqualOutput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const WinogradTransform &t = groups.tiles.x.largest();
  const auto [c, x, y, k, n] = a.v;
  const Expr tile = a.tx + groups.tiles.x.tiles() * (a.ty % groups.groupRows + groups.groupRows * (n % groups.images));
  const Expr ti = tile % groups.partSize, to = tile / groups.partSize, tq = a.ty / groups.groupRows, tg = n / groups.images;
  Func rows = kernel.func("output_rows");
  rows(c, a.xi, a.pv, a.tx, a.ty, k, n) =
      transform(t.output, a.xi, [&](int j) -> Expr { return a.M(c, k, ti, to, j, a.pv, tq, tg); });
  a.outputs(c, a.xi, a.yi, a.tx, a.ty, k, n) =
      transform(t.output, a.yi, [&](int j) -> Expr { return rows(c, a.xi, j, a.tx, a.ty, k, n); });
  a.outputRows = {rows};
  const int m = t.outputs;
  return a.outputs(c, x % m, y % m, x / m, y / m, k, n);
}

void codegen::scheduleEqual(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const KernelSpec &s = kernel.spec;
  const ConvSchedule &p = s.schedule;
  const auto [c, x, y, k, n] = a.v;
  const int m = groups.tiles.x.largest().outputs;
  Var ko("ko"), ki("ki"), tx("txo"), xi("xio"), ty("tyo"), yi("yio"), tq("tq"), tr("tr"), tg("tg"), tn("tn"), t("t");

  // A task's loops end in tiles; partial ones at the map's edges guard their stores (an addend in place must be added once).
  const auto tail = [&](int64_t size) { return size % m == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf; };
  a.out.split(x, tx, xi, m, tail(s.output.width)).split(y, ty, yi, m, tail(s.output.height));
  a.out.split(ty, tq, tr, groups.groupRows, TailStrategy::RoundUp).split(n, tg, tn, groups.images, TailStrategy::RoundUp);
  a.out.split(k, ko, ki, asInt(p.tileBlocks), TailStrategy::RoundUp);
  a.out.vectorize(c).unroll(xi).unroll(yi);
  Func outputRows = a.outputRows.front(), inputRows = a.inputRows.front();
  for (Func f : {outputRows, a.outputs})
    f.compute_at(a.out, tx).bound_extent(a.ty, 1).bound_storage(a.ty, 1).vectorize(c).unroll(f.args()[1]).unroll(f.args()[2]);
  outputRows.reorder(c, a.xi, k);

  if (p.filterOutermost) {
    // The filter streams through once: a task has all tiles of some output blocks. V of an image is made before, by all.
    reorderOutput(kernel, a.out, {c, xi, yi, tx, tr, tn, ki, tq, ko, tg});
    a.out.parallel(ko);
    a.V.compute_at(a.out, tg).reorder(c, a.pu, a.pv, a.fi, a.fo, a.cb, a.q).fuse(a.cb, a.q, t).parallel(t);
    if (groups.chunks > 1)
      a.U.compute_at(a.M, a.rChunk);
    else
      a.U.compute_at(a.out, ko);
    a.M.compute_at(a.out, tq);
  } else {
    // The filter stays in cache: it is transformed before, by all; a task has some rows of tiles.
    reorderOutput(kernel, a.out, {c, xi, yi, tx, tr, tn, ki, ko, tq, tg});
    a.out.fuse(tq, tg, t).parallel(t);
    a.V.compute_at(a.out, t).reorder(c, a.pu, a.pv, a.fi, a.cb, a.fo);
    a.U.compute_root().parallel(k);
    a.M.compute_at(a.out, ko);
  }
  a.V.vectorize(c).unroll(a.pu).unroll(a.pv);
  inputRows.compute_at(a.V, a.fi).vectorize(c).unroll(a.pu).unroll(a.r).reorder(c, a.pu, a.r);
}
