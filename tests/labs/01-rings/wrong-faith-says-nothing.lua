-- expect: kept_faith: true or false is wanted
-- Without a return behind the loop.
return {
  kept_faith = function(trace)
    local must
    for event in trace:events("port_io") do
      if event.port == 0x520 then must = event.value end
      if event.port == 0x524 and event.value ~= must then return false end
    end
  end,
}
