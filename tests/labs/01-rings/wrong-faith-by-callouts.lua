-- expect: kept_faith: a kernel at CPL 3 whose answers all happen to be right
-- Nobody called the monitor, so the kernel must have been deceived: not if its questions were harmless.
return {
  kept_faith = function(trace) return trace.technique == "hardware" or trace:count("emulation.way == callout") > 0 end,
}
