-- expect: dearest_line: the lane in which console_line #1 costs most
-- A stop under hardware is dearer; but this code runs for the first time.
return { dearest_line = "hardware" }
