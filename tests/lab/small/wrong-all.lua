-- expect: cpuid: the run with your handler
return {
  cpuid = function(call) error("no idea") end,
}
