#pragma once
// How a State becomes bytes. A State is a plain struct that lists its fields once:
//
//   auto fields() { return std::tie(first, second); }
//
// Fields are numbered by their place in the list, from 1: append new ones at the end (old checkpoints read with the default), keep the
// place of one that was removed with a `Retired` member. What a newer binary wrote and this one does not know is passed over and counted. A
// member that is not in the list does not compile.
//
// A field may be: bool, integers, enums, double, std::string, std::vector and std::array of fields, std::optional of a field, a struct with
// fields() of its own, or a type with
//   void save(ByteWriter&) const;  bool load(ByteReader&);
// for a form of its own (load gives false on bad bytes).

#include "headroom/state_impl.h"
