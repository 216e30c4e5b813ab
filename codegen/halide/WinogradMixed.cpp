// Winograd's transforms of a map that is cut into tiles of up to two sizes an axis, which together are the map: no output is
// computed that does not exist. Each combination of sizes has its own matrices and loops. A point's tiles are flattened without
// gaps, (x, y, image) innermost first, to an index that depends on the point: smaller tiles lack some.

#include "codegen/halide/ConstantMatrix.h"
#include "codegen/halide/Winograd.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

static int asInt(int64_t v) { return static_cast<int>(v); }

namespace {

// Tiles of one size in each direction.
struct TileClass {
  const WinogradAxis &x, &y;
  const TileRun &columns, &rows;
  const int images;
  std::string name;

  // A point of the largest transform by the index among those that these tiles have, which is unrolled.
  static Expr point(const TileRun &run, const Expr &index) {
    return pick(index, std::vector<Expr>(run.points.begin(), run.points.end()));
  }
  static Expr tilesAt(const WinogradAxis &axis, const TileRun &run, const Expr &index) {
    std::vector<Expr> values;
    for (int point : run.points)
      values.push_back(axis.tilesAt[point]);
    return pick(index, values);
  }
  // f of tile (tx, ty) of these, of an image, for the points with indices u and v.
  Expr flat(const Expr &u, const Expr &v, const Expr &tx, const Expr &ty, const Expr &image) const {
    return columns.first + tx + tilesAt(x, columns, u) * (rows.first + ty + tilesAt(y, rows, v) * image);
  }
};

} // namespace

static std::vector<TileClass> tileClasses(const WinogradGroups &groups) {
  std::vector<TileClass> classes;
  const WinogradTiles &t = groups.tiles;
  for (const TileRun &rows : t.y.runs)
    for (const TileRun &columns : t.x.runs)
      classes.push_back(
          {t.x, t.y, columns, rows, groups.images, std::to_string(columns.t.outputs) + "x" + std::to_string(rows.t.outputs)});
  return classes;
}

//===-- Algorithm ---------------------------------------------------------===//

// What the last parts have beyond the tiles, where some point's do not fill them: zeros, for it is multiplied.
static void defineRest(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  RDom rest({{0, groups.partSize}, {0, groups.pointsX()}, {0, groups.pointsY()}}, kernel.name("rest"));
  const auto tilesAt = [](const WinogradAxis &axis, const Expr &point) {
    return pick(point, std::vector<Expr>(axis.tilesAt.begin(), axis.tilesAt.end()));
  };
  const Expr tiles = tilesAt(groups.tiles.x, rest[1]) * tilesAt(groups.tiles.y, rest[2]) * groups.images;
  rest.where(rest[0] >= (tiles - 1) % groups.partSize + 1);
  a.V(a.v.c, rest[0], a.cb, (tiles - 1) / groups.partSize, rest[1], rest[2], a.q, a.g) = 0.f;
}

// V = B d B^T
void codegen::defineMixedInput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const KernelSpec &s = kernel.spec;
  const Var c = a.v.c;
  const Var image("image");
  a.V(c, a.fi, a.cb, a.fo, a.pu, a.pv, a.q, a.g) = undef<float>();
  for (const TileClass &tiles : tileClasses(groups)) {
    const TileRun &columns = tiles.columns, &rows = tiles.rows;
    const Expr ix = columns.start * asInt(s.strides[1]) + a.tx * columns.t.step - asInt(s.padding.left);
    const Expr iy = rows.start * asInt(s.strides[0]) + a.ty * rows.t.step - asInt(s.padding.top);
    const Expr n = a.g * groups.images + image;
    Func along = kernel.func(("input_rows_" + tiles.name).c_str());
    along(c, a.pu, a.r, a.tx, a.ty, image, a.cb, a.g) = transform(
        columns.t.input, a.pu, [&](int j) -> Expr { return readTiledInput(kernel, groups, c, a.cb, ix + j, iy + a.r, n); });
    const RDom r({{0, columns.t.points()}, {0, rows.t.points()}, {0, columns.count}, {0, rows.count}, {0, groups.images}},
                 kernel.name(("tiles_" + tiles.name).c_str()));
    const Expr f = tiles.flat(r[0], r[1], r[2], r[3], r[4]);
    a.V(c, f % groups.partSize, a.cb, f / groups.partSize, tiles.point(columns, r[0]), tiles.point(rows, r[1]), a.q, a.g) =
        transform(rows.t.input, r[1], [&](int j) -> Expr { return along(c, r[0], j, r[2], r[3], r[4], a.cb, a.g); });
    a.inputRows.push_back(along);
    a.inputLoops.push_back(r);
  }
  defineRest(kernel, groups, a);
}

// A M A^T, into whole maps.
Expr codegen::defineMixedOutput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const auto [c, x, y, k, n] = a.v;
  a.outputs(c, x, y, k, n) = undef<float>();
  for (const TileClass &tiles : tileClasses(groups)) {
    const TileRun &columns = tiles.columns, &rows = tiles.rows;
    Func along = kernel.func(("output_rows_" + tiles.name).c_str());
    along(c, a.xi, a.pv, a.tx, a.ty, k, n) = transform(columns.t.output, a.xi, [&](int j) -> Expr {
      const Expr f = tiles.flat(j, a.pv, a.tx, a.ty, n % groups.images);
      return a.M(c, k, f % groups.partSize, f / groups.partSize, columns.points[j], tiles.point(rows, a.pv), 0,
                 n / groups.images);
    });
    const int width = columns.t.outputs, height = rows.t.outputs;
    const RDom r({{0, width}, {0, height}, {0, columns.count}, {0, rows.count}}, kernel.name(("outputs_" + tiles.name).c_str()));
    a.outputs(c, columns.start + r[2] * width + r[0], rows.start + r[3] * height + r[1], k, n) =
        transform(rows.t.output, r[1], [&](int j) -> Expr { return along(c, r[0], j, r[2], r[3], k, n); });
    a.outputRows.push_back(along);
    a.outputLoops.push_back(r);
  }
  return a.outputs(c, x, y, k, n);
}

//===-- Schedule ----------------------------------------------------------===//

void codegen::scheduleMixed(const Kernel &kernel, const WinogradGroups &groups, Winograd &a) {
  const ConvSchedule &p = kernel.spec.schedule;
  const auto [c, x, y, k, n] = a.v;
  Var ko("ko"), ki("ki"), tg("tg"), tn("tn");
  a.out.split(n, tg, tn, groups.images, TailStrategy::RoundUp).split(k, ko, ki, asInt(p.tileBlocks), TailStrategy::RoundUp);
  a.out.vectorize(c);
  reorderOutput(kernel, a.out, {c, x, y, tn, ki, ko, tg});
  // As with equal tiles (WinogradEqual.cpp), where a group of rows is the map.
  a.V.compute_at(a.out, tg);
  a.M.compute_at(a.out, ko);
  if (p.filterOutermost) {
    a.out.parallel(ko);
    groups.chunks > 1 ? a.U.compute_at(a.M, a.rChunk) : a.U.compute_at(a.out, ko);
  } else {
    a.out.parallel(tg);
    a.U.compute_root().parallel(k);
  }

  const size_t classes = a.inputRows.size();
  for (size_t i = 0; i < classes; ++i) {
    const RDom &in = a.inputLoops[i], &out = a.outputLoops[i];
    Stage input = a.V.update(static_cast<int>(i)), output = a.outputs.update(static_cast<int>(i));
    input.reorder({c, in[0], in[1], in[2], in[3], in[4], a.cb}).vectorize(c).unroll(in[0]).unroll(in[1]);
    a.inputRows[i].compute_at(a.V, in[2]).vectorize(c).unroll(a.pu).unroll(a.r).reorder(c, a.pu, a.r);
    output.reorder({c, out[0], out[1], out[2], out[3], k, n}).vectorize(c).unroll(out[0]).unroll(out[1]);
    a.outputRows[i].compute_at(a.outputs, out[2]).vectorize(c).unroll(a.xi).unroll(a.pv).reorder(c, a.xi, k);
    if (p.filterOutermost)
      input.parallel(a.cb);
  }
  a.V.update(static_cast<int>(classes)).reorder(c, a.cb).vectorize(c);
  // A map of one block: 12.5 kB at 14 x 14, which stay in L1 until they are finished.
  a.outputs.compute_at(a.out, tn).bound(c, 0, asInt(kernel.spec.output.block));
}
