-- expect: name_the_technique: what your function says of guest tour under full
return { name_the_technique = function(trace) return trace.technique end }
