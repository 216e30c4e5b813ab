// Winograd convolution with 3x3 filters, strides 1 and 2 (Lavin and Gray 2015; Toom-Cook in two dimensions).
//   input  (c, x, y, k, n)      blocked by 16 channels; what lies beyond its halo counts as zero
//   filter (co, ci, kx, ky, k)  as the direct convolution reads it: it is transformed here, by parts that fit the cache
//   bias   (co, k),  addend and output (c, x, y, k, n), interiors only
// With the one-dimensional transform A, B, G, tiles f of m x m outputs and points (u, v):
//   V = B d B^T,  U = G g G^T,  M(u, v) = SUM over ci of U(u, v) * V(u, v),  out = A M A^T
// Filters are stored plain because memory, not arithmetic, bounds the last stages: transformed ones would be up to four times as
// many bytes. Transforming costs 2 to 25% of the arithmetic and hides behind the stream.

#include "codegen/halide/Kernel.h"
#include "codegen/halide/WinogradPrefetch.h"
#include "codegen/schedules/Machine.h"
#include "codegen/schedules/WinogradTransform.h"
#include <cmath>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

namespace {

int asInt(int64_t v) { return static_cast<int>(v); }

//===-- Products of a constant matrix and a vector ------------------------===//

Expr addTerm(const Expr &sum, double coefficient, const Expr &term) {
  if (coefficient == 0)
    return sum;
  const double magnitude = std::abs(coefficient);
  const Expr scaled = magnitude == 1 ? term : term * static_cast<float>(magnitude);
  if (!sum.defined())
    return coefficient > 0 ? scaled : -scaled;
  return coefficient > 0 ? sum + scaled : sum - scaled;
}

Expr dot(const std::vector<double> &row, const std::vector<Expr> &terms) {
  Expr sum;
  for (int sign : {1, -1}) // begin with a term that needs no negation
    for (size_t j = 0; j < row.size(); ++j)
      if (row[j] * sign > 0)
        sum = addTerm(sum, row[j], terms[j]);
  return sum.defined() ? sum : Expr(0.f);
}

bool sameMagnitudes(const std::vector<double> &a, const std::vector<double> &b) {
  bool same = false, opposite = false, equal = true;
  for (size_t j = 0; j < a.size(); ++j) {
    equal &= std::abs(a[j]) == std::abs(b[j]);
    same |= a[j] != 0 && a[j] == b[j];
    opposite |= a[j] != 0 && a[j] == -b[j];
  }
  return equal && same && opposite;
}

Matrix transposed(const Matrix &m) {
  Matrix t(m[0].size());
  for (size_t j = 0; j < t.size(); ++j)
    for (const std::vector<double> &row : m)
      t[j].push_back(row[j]);
  return t;
}

// matrix * terms. Points x and -x share their even and odd parts: two rows (of B, G) become a sum and a difference, and so do two
// columns (of A).
std::vector<Expr> multiply(const Matrix &matrix, std::vector<Expr> terms) {
  Matrix columns = transposed(matrix);
  for (size_t j = 0; j < columns.size(); ++j)
    for (size_t k = j + 1; k < columns.size(); ++k)
      if (matrix.size() > 2 && sameMagnitudes(columns[j], columns[k])) {
        const Expr sum = terms[j] + terms[k], difference = terms[j] - terms[k];
        terms[j] = sum, terms[k] = difference;
        for (size_t i = 0; i < matrix.size(); ++i) {
          const double a = columns[j][i], b = columns[k][i];
          columns[j][i] = a == b ? a : 0;
          columns[k][i] = a == b ? 0 : a;
        }
      }
  const Matrix rows = transposed(columns);
  std::vector<Expr> result(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t k = i + 1; k < rows.size() && !result[i].defined(); ++k)
      if (!result[k].defined() && sameMagnitudes(rows[i], rows[k])) {
        std::vector<double> shared(terms.size()), differing(terms.size());
        for (size_t j = 0; j < terms.size(); ++j)
          (rows[i][j] == rows[k][j] ? shared : differing)[j] = rows[i][j];
        const Expr even = dot(shared, terms), odd = dot(differing, terms);
        result[i] = even + odd, result[k] = even - odd;
      }
    if (!result[i].defined())
      result[i] = dot(rows[i], terms);
  }
  return result;
}

// values[index] for an index that is unrolled.
Expr pick(const Expr &index, const std::vector<Expr> &values) {
  Expr e = values.back();
  for (int i = static_cast<int>(values.size()) - 2; i >= 0; --i)
    e = select(index == i, values[i], e);
  return e;
}

// matrix * (term(0), term(1), ...), of which `index` is wanted.
template <typename Term> Expr transform(const Matrix &matrix, const Expr &index, Term term) {
  std::vector<Expr> terms;
  for (int j = 0; j < static_cast<int>(matrix[0].size()); ++j)
    terms.push_back(term(j));
  return pick(index, multiply(matrix, terms));
}

//===-- Algorithm ---------------------------------------------------------===//

/// How the map is cut. A group is tileRows rows of tiles of `images` images, flattened to one index f = part + tileColumns * fo.
struct Tiling {
  WinogradTransform t;
  int m, points, columns, rows, groupRows, images, group, partSize, parts, inputBlocks, chunks;

  explicit Tiling(const KernelSpec &s)
      : t(winogradTransform(asInt(s.schedule.outputTile), 3, asInt(s.strides[0]))), m(t.outputs), points(t.points()),
        columns(asInt(ceilDiv(s.output.width, m))), rows(asInt(ceilDiv(s.output.height, m))),
        groupRows(asInt(s.schedule.tileRows)), images(asInt(s.schedule.images)), group(columns * groupRows * images),
        partSize(asInt(s.schedule.tileColumns)), parts(asInt(ceilDiv(group, partSize))), inputBlocks(asInt(s.input.blocks())),
        chunks(s.schedule.inputChannels ? asInt(inputBlocks * s.input.block / s.schedule.inputChannels) : 1) {}
};

struct Winograd {
  Vars v;
  // Tile in its part, part, group of rows, group of images; point; block of input channels; tile of the map; output in a tile.
  Var fi{"fi"}, fo{"fo"}, q{"q"}, g{"g"}, pu{"pu"}, pv{"pv"}, cb{"cb"}, ci{"ci"}, r{"r"}, tx{"tx"}, ty{"ty"}, xi{"xi"}, yi{"yi"};
  Func filterRows, U, inputRows, V, product, M, outputRows, outputs, out;
  RVar rc, rb, rChunk; // input channel in its block, block in its chunk, chunk
};

// Channel block cb of input position (ix, iy), zero beyond the halo.
Expr readInput(const Kernel &kernel, const Tiling &tiling, const Var &c, const Expr &cb, Expr ix, Expr iy, const Expr &n) {
  const KernelSpec &s = kernel.spec;
  const auto last = [&](int tiles, int64_t padding) {
    return (tiles - 1) * tiling.t.step + tiling.t.window - 1 - asInt(padding);
  };
  const int endX = asInt(s.input.width + s.input.halo.right), endY = asInt(s.input.height + s.input.halo.bottom);
  Expr inside;
  if (last(tiling.columns, s.padding.left) >= endX)
    inside = ix < endX, ix = min(ix, endX - 1);
  if (last(tiling.rows, s.padding.top) >= endY) {
    inside = inside.defined() ? inside && iy < endY : iy < endY;
    iy = min(iy, endY - 1);
  }
  const Expr value = kernel.input(c, ix, iy, cb, n);
  return inside.defined() ? select(inside, value, 0.f) : value;
}

Winograd algorithm(const Kernel &kernel, const Tiling &tiling) {
  const KernelSpec &s = kernel.spec;
  const WinogradTransform &t = tiling.t;
  Winograd a;
  const auto [c, x, y, k, n] = a.v;
  const auto &[fi, fo, q, g, pu, pv, cb, ci] = std::tie(a.fi, a.fo, a.q, a.g, a.pu, a.pv, a.cb, a.ci);
  a.filterRows = kernel.func("filter_rows"), a.U = kernel.func("u"), a.inputRows = kernel.func("input_rows");
  a.V = kernel.func("v"), a.product = kernel.func("product"), a.M = kernel.func("m"), a.outputRows = kernel.func("output_rows");
  a.outputs = kernel.func("outputs"), a.out = kernel.func("out");

  // U = G g G^T
  a.filterRows(c, k, ci, pu, a.r) = transform(t.filter, pu, [&](int j) -> Expr { return kernel.filter(c, ci, j, a.r, k); });
  a.U(c, k, ci, pu, pv) = transform(t.filter, pv, [&](int j) -> Expr { return a.filterRows(c, k, ci, pu, j); });

  // V = B d B^T; the last part repeats the last tile where the group does not fill it.
  Expr f = fo * tiling.partSize + fi;
  if (tiling.group % tiling.partSize != 0)
    f = min(f, tiling.group - 1);
  const Expr column = f % tiling.columns, row = q * tiling.groupRows + f / tiling.columns % tiling.groupRows;
  const Expr image = g * tiling.images + f / (tiling.columns * tiling.groupRows);
  const Expr ix = column * t.step - asInt(s.padding.left), iy = row * t.step - asInt(s.padding.top);
  a.inputRows(c, fi, cb, fo, pu, a.r, q, g) =
      transform(t.input, pu, [&](int j) -> Expr { return readInput(kernel, tiling, c, cb, ix + j, iy + a.r, image); });
  a.V(c, fi, cb, fo, pu, pv, q, g) =
      transform(t.input, pv, [&](int j) -> Expr { return a.inputRows(c, fi, cb, fo, pu, j, q, g); });

  // M = SUM U V, in the order of the input channels whatever the schedule.
  const auto weight = [&](const Var &point) -> Expr {
    if (t.weights() == t.points())
      return point;
    std::vector<Expr> values(t.weightOf.begin(), t.weightOf.end());
    return pick(point, values);
  };
  const int block = asInt(s.input.block), perChunk = tiling.inputBlocks * block / tiling.chunks;
  const int lanes = std::min(block, perChunk), partsOfBlock = block / lanes;
  const RDom rd({{0, lanes}, {0, std::max(1, perChunk / block)}, {0, tiling.chunks}}, kernel.name("r"));
  a.rc = rd[0], a.rb = rd[1], a.rChunk = rd[2];
  const Expr lane = rd[2] % partsOfBlock * lanes + rd[0],
             inputBlock = rd[2] / partsOfBlock * std::max(1, perChunk / block) + rd[1];
  const Expr term =
      a.U(c, k, rd[2] * perChunk + rd[1] * block + rd[0], weight(pu), weight(pv)) * a.V(lane, fi, inputBlock, fo, pu, pv, q, g);
  // The sum stays in registers where it is complete, and in memory between chunks.
  Func sum = tiling.chunks == 1 ? a.product : a.M;
  sum(c, k, fi, fo, pu, pv, q, g) = 0.f;
  sum(c, k, fi, fo, pu, pv, q, g) += term;
  if (tiling.chunks == 1)
    a.M(c, k, fi, fo, pu, pv, q, g) = a.product(c, k, fi, fo, pu, pv, q, g);

  // out = A M A^T
  const Expr tile = a.tx + tiling.columns * (a.ty % tiling.groupRows + tiling.groupRows * (n % tiling.images));
  const Expr ti = tile % tiling.partSize, to = tile / tiling.partSize, tq = a.ty / tiling.groupRows, tg = n / tiling.images;
  a.outputRows(c, a.xi, pv, a.tx, a.ty, k, n) =
      transform(t.output, a.xi, [&](int j) -> Expr { return a.M(c, k, ti, to, j, pv, tq, tg); });
  a.outputs(c, a.xi, a.yi, a.tx, a.ty, k, n) =
      transform(t.output, a.yi, [&](int j) -> Expr { return a.outputRows(c, a.xi, j, a.tx, a.ty, k, n); });
  Expr result = a.outputs(c, x % tiling.m, y % tiling.m, x / tiling.m, y / tiling.m, k, n);
  if (s.epilogue.bias)
    result += kernel.bias(c, k);
  defineOutput(kernel, a.out, a.v, result);
  return a;
}

//===-- Schedule ----------------------------------------------------------===//

void schedule(const Kernel &kernel, Winograd &a, const Tiling &tiling) {
  const KernelSpec &s = kernel.spec;
  const ConvSchedule &p = s.schedule;
  const auto [c, x, y, k, n] = a.v;
  const int block = asInt(s.output.block), m = tiling.m;
  Var ko("ko"), ki("ki"), tx("txo"), xi("xio"), ty("tyo"), yi("yio"), tq("tq"), tr("tr"), tg("tg"), tn("tn"), t("t");

  // A task's loops end in tiles; partial ones at the map's edges guard their stores (an addend in place must be added once).
  const auto tail = [&](int64_t size, int factor) {
    return size % factor == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  };
  a.out.split(x, tx, xi, m, tail(s.output.width, m)).split(y, ty, yi, m, tail(s.output.height, m));
  a.out.split(ty, tq, tr, tiling.groupRows, TailStrategy::RoundUp).split(n, tg, tn, tiling.images, TailStrategy::RoundUp);
  a.out.split(k, ko, ki, asInt(p.tileBlocks), TailStrategy::RoundUp);
  a.out.vectorize(c).unroll(xi).unroll(yi);
  for (Func f : {a.outputRows, a.outputs})
    f.compute_at(a.out, tx).bound_extent(a.ty, 1).bound_storage(a.ty, 1).vectorize(c).unroll(f.args()[1]).unroll(f.args()[2]);
  a.outputRows.reorder(c, a.xi, a.v.k);

  if (p.filterOutermost) {
    // The filter streams through once: a task has all tiles of some output blocks. V of an image is made before, by all.
    reorderOutput(kernel, a.out, {c, xi, yi, tx, tr, tn, ki, tq, ko, tg});
    a.out.parallel(ko);
    a.V.compute_at(a.out, tg).reorder(c, a.pu, a.pv, a.fi, a.fo, a.cb, a.q).fuse(a.cb, a.q, t).parallel(t);
    if (tiling.chunks > 1)
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
  a.U.reorder_storage(c, k, a.ci, a.pu, a.pv);
  a.U.vectorize(c).unroll(a.pu).unroll(a.pv);
  a.U.bound(c, 0, block).bound(a.pu, 0, tiling.t.weights()).bound(a.pv, 0, tiling.t.weights());
  a.U.reorder(c, a.pv, a.pu, a.ci, k);
  a.filterRows.compute_at(a.U, a.pu).vectorize(c).unroll(a.r);

  a.V.bound(c, 0, block).bound(a.fi, 0, tiling.partSize).bound(a.fo, 0, tiling.parts).bound(a.pu, 0, tiling.points);
  a.V.bound(a.pv, 0, tiling.points).bound(a.cb, 0, tiling.inputBlocks);
  // One group at a time, which bounds inference does not see through the guard of the last rows.
  a.V.bound_extent(a.g, 1).bound_extent(a.q, p.filterOutermost ? tiling.rows / tiling.groupRows : 1);
  a.M.bound_extent(a.g, 1).bound_extent(a.q, 1);
  a.V.vectorize(c).unroll(a.pu).unroll(a.pv);
  a.inputRows.compute_at(a.V, a.fi).vectorize(c).unroll(a.pu).unroll(a.r).reorder(c, a.pu, a.r);

  a.M.bound(c, 0, block).bound(a.fi, 0, tiling.partSize).bound(a.fo, 0, tiling.parts);
  a.M.bound(a.pu, 0, tiling.points).bound(a.pv, 0, tiling.points).vectorize(c).unroll(k).unroll(a.fi);
  const auto registerTile = [&](Stage update) { update.vectorize(c).unroll(a.fi).unroll(k); };
  if (tiling.chunks == 1) {
    a.product.compute_at(a.M, a.fo).vectorize(c).unroll(a.fi).unroll(k);
    registerTile(a.product.update().reorder({c, k, a.fi, a.rc, a.rb, a.rChunk}));
  } else {
    registerTile(a.M.update().reorder({c, k, a.fi, a.rc, a.rb, a.fo, a.pu, a.pv, a.q, a.g, a.rChunk}));
  }

  // Planes of points lie apart by one line more than they need: a power of two would map all of a vector's points to one set of
  // the cache (measured on Zen 4: the filter's transform of 512 x 512 takes 1.25 ms then, 0.5 ms otherwise).
  a.U.bound_storage(a.ci, tiling.inputBlocks * block / tiling.chunks + 1);
  a.V.bound_storage(a.cb, tiling.inputBlocks + 1);
}

} // namespace

Pipeline codegen::buildWinograd(const Kernel &kernel) {
  const Tiling tiling(kernel.spec);
  Winograd winograd = algorithm(kernel, tiling);
  bindOutput(kernel, winograd.out);
  schedule(kernel, winograd, tiling);
  Pipeline pipeline(winograd.out);
  if (kernel.spec.schedule.filterOutermost)
    pipeline.add_custom_lowering_pass(new WinogradPrefetch(kernel.spec.filter, kernel.name("filter"), kernel.name("r"),
                                                           kernel.name("m"), kernel.spec.schedule.tileBlocks, tiling.chunks,
                                                           tiling.points));
  return pipeline;
}
