-- expect: deceived: the questions in which the guest of lane
-- Takes every question without an emulation between its reports for a deception; some answers are right without.
return {
  deceived = function(trace)
    local list, number, emulated = {}, nil, false
    for event in trace:events("port_io or emulation") do
      if event.kind == "emulation" and event.instruction ~= "out" and event.instruction ~= "cli" then emulated = true end
      if event.kind == "port_io" and event.port == 0x520 then number = event.value end
      if event.kind == "port_io" and event.port == 0x524 then emulated = false end
      if event.kind == "port_io" and event.port == 0x528 and not emulated then list[#list + 1] = number end
    end
    return list
  end,
}
