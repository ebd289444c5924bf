// One function for each kind of event: a kind without an explanation does not link.
#pragma once

#include "explain/account.h"

namespace trapline::explain {

#define EVENT(Struct, kind, level, doc, ...) void tell(Account& account, const trace::Struct& event);
#define BLOB_EVENT(Struct, kind, level, doc, ...) void tell(Account& account, const trace::Struct& event);
#include "trace/events.def"
#undef EVENT
#undef BLOB_EVENT

}  // namespace trapline::explain
