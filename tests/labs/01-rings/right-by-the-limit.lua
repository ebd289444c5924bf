-- Numbers in hexadecimal, a limit that no kernel's GDT has, controls that say false for what is not wanted.
local solved = {}
function solved.before_it_runs(lab)
  local silent = { sgdt = "other", str = "other", pushfq = "other", popfq = "other", sldt = "same", smsw = "same" }
  local words = {}
  for _, row in ipairs(require("lab01_guests").listing(lab.seed)) do
    local first, register = row.text:match("^(%a+)"), row.text:match(", (%a%a)$")
    if first == "mov" and register then
      words[#words + 1] = register == "ds" and "same" or "other"
    else
      words[#words + 1] = silent[first] or "GP"
    end
  end
  return words
end
function solved.who_trapped(lab)
  local words = {}
  for word, count in pairs(lab.lanes.translated:group("emulation.way == callout", "instruction")) do
    if count > 0 then table.insert(words, 1, word) end
  end
  local silent = 0
  for _, count in pairs(lab.lanes.translated:group("emulation.way == callout", "instruction")) do silent = silent + count end
  return { trapped = lab.lanes.trapped:group("trap", "vector").GP, silent = silent, words = words }
end
function solved.kept_faith(trace)
  local believed, seen = {}, {}
  for event in trace:events("port_io.port in 0x520..0x524") do
    local list = event.port == 0x520 and believed or seen
    list[#list + 1] = event.value
  end
  for i, value in ipairs(believed) do
    if seen[i] ~= value then return false end
  end
  return true
end
solved.find_out = [[
sgdt [0x8800]
movzx ecx, word [0x8800]
xor eax, eax
test ecx, ecx
setz al]]
function solved.choose_exits(lab)
  return { descriptor_table_exiting = lab.seed % 3 ~= 1, cr3_store_exiting = lab.seed % 3 ~= 0, rdtsc_exiting = false }
end
return solved
