-- expect: name_the_technique: attempt to index a nil value
return { name_the_technique = function(trace) return trace:first("run_header").technique end }
