-- expect: kept_faith: whether the kernel of lane translated
-- CPL 3 is taken for deception.
return { kept_faith = function(trace) return trace.technique == "hardware" end }
