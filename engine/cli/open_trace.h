// What every command that reads a trace does first: open it, warn of what is missing, find a position in it.
#pragma once

#include <memory>
#include <string>

#include "trace/reader.h"

namespace trapline::cli {

// Warnings about recovered or damaged files go to standard error.
Result<std::unique_ptr<trace::TraceReader>> open_trace(const std::string& path);

// `--at`: a sequence number from 0, or `kind#n` with n from 1, or `end`.
Result<u64> position_in(const trace::EventSource& source, const std::string& text);

}  // namespace trapline::cli
