-- expect: is_translated: guest tour under full without translation
-- Emulation there is with and without translation.
return { is_translated = function(trace) return trace:count("emulation") > 0 end }
