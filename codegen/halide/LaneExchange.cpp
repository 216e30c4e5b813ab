// A call that nothing but the pass understands carries the exchange through vectorisation.

#include "codegen/halide/LaneExchange.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;
using namespace Halide::Internal;

static constexpr char kExchange[] = "resnet_exchange_lanes";

Expr codegen::exchangeLanes(const Expr &value, const Expr &distance) {
  return Call::make(value.type(), kExchange, {value, distance}, Call::PureExtern);
}

Expr LaneExchange::visit(const Call *op) {
  if (op->name != kExchange)
    return IRMutator::visit(op);
  const Expr value = mutate(op->args[0]);
  const Broadcast *all = op->args[1].as<Broadcast>();
  const int64_t *distance = as_const_int(all ? all->value : op->args[1]);
  _halide_user_assert(distance) << "lanes are exchanged at a distance that is not constant";
  if (*distance == 0)
    return value;
  if (openCl) {
    const Expr from = Ramp::make(make_zero(UInt(32)), make_one(UInt(32)), op->type.lanes()) ^
                      Broadcast::make(make_const(UInt(32), *distance), op->type.lanes());
    return Call::make(op->type, "shuffle", {value, from}, Call::PureExtern);
  }
  std::vector<int> lanes;
  for (int lane = 0; lane < op->type.lanes(); ++lane)
    lanes.push_back(lane ^ static_cast<int>(*distance));
  return Shuffle::make({value}, lanes);
}
