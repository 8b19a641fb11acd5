#pragma once

#include <cstdint>

#include "headroom/keyed_store.h"

namespace headroom {

// A second part of a state that changes seldom, in a store of its own, so that checkpoints hold it only when it did. Made anew when it is
// first to be changed; forgotten like the state, when it was not changed for idle_ms: an operator checks that what it finds belongs to the
// state that it has. Valid during the step.
template <class Cold>
class ColdState {
 public:
  ColdState(KeyedStore& store, const StateKey& key, int64_t now) : store_(&store), key_(key), now_(now) {}

  // To be read only; null when there is none.
  const Cold* look() const { return static_cast<const Cold*>(store_->find(key_, now_)); }
  // To be changed; null when there is no room for another.
  Cold* change() const { return static_cast<Cold*>(store_->touch(key_, KeyedStore::hash(key_), KeyedStore::kNone, now_)); }

 private:
  KeyedStore* store_;
  StateKey key_;
  int64_t now_;
};

}  // namespace headroom
