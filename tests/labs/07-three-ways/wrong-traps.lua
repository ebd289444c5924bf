-- expect: is_translated: guest tour under para
return { is_translated = function(trace) return trace:count("trap") > 0 end }
