// A lab's task texts in another language: labs/NN-name/zh.lua, if it is there, returns
//
//   { title = ..., summary = ..., tasks = { ID = { title = ..., question = ..., hints = { ... } } },
//     says = { ["what check.lua says, {0}"] = ... } }
//
// A text of `says` has the places of the English one, in any order. What the file leaves out stays English, and nothing
// but texts is read from it: what runs and what is right is lab.lua's alone.
#pragma once

#include "lab/definition.h"

namespace trapline::lab {

// Puts the texts of the definition's language in place. Errors are usage errors that name the file and the task: a task
// that the lab does not have, another number of hints, another place.
Result<> translate(Definition& definition, const lua::Value& facts);

}  // namespace trapline::lab
