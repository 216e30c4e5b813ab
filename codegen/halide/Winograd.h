// The stages of a Winograd convolution. Transforms of the filter and the products are the same however the map is cut
// (Winograd.cpp); transforms of the map are for equal tiles (WinogradEqual.cpp) or for mixed ones (WinogradMixed.cpp).

#ifndef RESNET_CODEGEN_HALIDE_WINOGRAD_H
#define RESNET_CODEGEN_HALIDE_WINOGRAD_H

#include "codegen/halide/Kernel.h"
#include "codegen/schedules/WinogradTiles.h"

namespace resnet::codegen {

/// How the map is cut. A group is the tiles of groupRows rows of tiles of `images` images; those that have a point are flattened
/// to one index f = fi + partSize * fo.
struct WinogradGroups {
  WinogradTiles tiles;
  bool mixed;
  int groupRows, images, group, partSize, parts, inputBlocks, chunks;

  explicit WinogradGroups(const KernelSpec &spec);
  int pointsX() const { return tiles.x.largest().points(); }
  int pointsY() const { return tiles.y.largest().points(); }
};

struct Winograd {
  Vars v;
  // Tile in its part, part, group of rows, group of images; point; block of input channels; row of a window; tile of the map;
  // output in a tile.
  Halide::Var fi{"fi"}, fo{"fo"}, q{"q"}, g{"g"}, pu{"pu"}, pv{"pv"}, cb{"cb"}, ci{"ci"}, r{"r"}, tx{"tx"}, ty{"ty"}, xi{"xi"},
      yi{"yi"};
  Halide::Func filterRows, U, V, product, M, outputs, out;
  std::vector<Halide::Func> inputRows, outputRows;   // one for each size of tiles
  std::vector<Halide::RDom> inputLoops, outputLoops; // mixed tiles: over points or outputs, then tiles of that size
  Halide::RVar rc, rb, rChunk;                       // input channel in its block, block in its chunk, chunk
  Halide::RVar part;                                 // mixed tiles: of M, which parts of fo there are
};

/// Channel block cb of input position (ix, iy), zero beyond the halo.
Halide::Expr readTiledInput(const Kernel &kernel, const WinogradGroups &groups, const Halide::Var &c, const Halide::Expr &cb,
                            Halide::Expr ix, Halide::Expr iy, const Halide::Expr &n);

/// What the two ways to cut the map define: V of the input, and the result at (c, x, y, k, n) from M.
void defineEqualInput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a);
void defineMixedInput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a);
Halide::Expr defineEqualOutput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a);
Halide::Expr defineMixedOutput(const Kernel &kernel, const WinogradGroups &groups, Winograd &a);

/// Their loops, and where U, V and M are computed.
void scheduleEqual(const Kernel &kernel, const WinogradGroups &groups, Winograd &a);
void scheduleMixed(const Kernel &kernel, const WinogradGroups &groups, Winograd &a);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_WINOGRAD_H
