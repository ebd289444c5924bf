-- expect: one_line: the stops of lane para in console_line #1
-- Half of what full needs, as in the books.
return { one_line = { bytes = 52, full = 14, para = 11, hardware = 9 } }
