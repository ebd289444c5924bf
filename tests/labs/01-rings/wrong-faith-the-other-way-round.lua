-- expect: kept_faith: whether the kernel of lane hardware
-- True where it was deceived.
return {
  kept_faith = function(trace)
    local must
    for event in trace:events("port_io") do
      if event.port == 0x520 then must = event.value end
      if event.port == 0x524 and event.value ~= must then return true end
    end
    return false
  end,
}
