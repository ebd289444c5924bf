-- A solution of lab 07 that passes under every seed: it computes what a learner may also count by hand.
local three_ways = require "three_ways"

local function by_lane(lab, measure)
  local numbers = {}
  for _, name in ipairs(three_ways.lanes) do numbers[name] = measure(lab.lanes[name], name) end
  return numbers
end

local function from_least(numbers)
  local lanes = { "full", "para", "hardware" }
  table.sort(lanes, function(left, right) return numbers[left] < numbers[right] end)
  return lanes
end

return {
  order_of_stops = function(lab)
    local action = three_ways.order_of(lab.seed)
    return table.concat(from_least(by_lane(lab, function(trace)
      return three_ways.stops(trace, action.kind, action.ordinal)
    end)), " ")
  end,

  dearest_line = function(lab)
    local ordinal = three_ways.dearest_line(lab.seed).ordinal
    return from_least(by_lane(lab, function(trace)
      return three_ways.action(trace, "console_line", ordinal).cycles
    end))[3]
  end,

  one_line = function(lab)
    local ordinal = three_ways.counted_line(lab.seed)
    local answer = by_lane(lab, function(trace) return three_ways.stops(trace, "console_line", ordinal) end)
    answer.bytes = three_ways.within(lab.lanes.full, "console_line", ordinal, "console")
    return answer
  end,

  user_half = function(lab)
    local kind = three_ways.counted_kind(lab.seed)
    local comparison = trapline.compare(lab.lanes.full, lab.lanes.para, lab.lanes.hardware)
    local answer = {}
    for index, lane in ipairs(three_ways.lanes) do
      local account = comparison:account(index, kind)
      answer[lane] = account.user_exits - account.markers
    end
    return answer
  end,

  asked_for = function(lab)
    local action = three_ways.asked_for(lab.seed)
    local where = three_ways.action(lab.lanes.para, action.kind, action.ordinal).where
    return lab.lanes.para:group("hypercall and " .. where, "number")
  end,

  exits_as_wanted = function(lab)
    local controls = {
      { hlt_exiting = false },
      { cr3_load_exiting = true },
      { exception_bitmap = 1 << 14 },
      { invlpg_exiting = true },
      { descriptor_table_exiting = true },
      { use_msr_bitmaps = false },
    }
    return controls[lab.seed % #controls + 1]
  end,

  cr3_flushes = function(lab)
    local controls = { { tlb_sets = 64, tlb_ways = 8 }, { tlb_sets = 1 }, { vpid = false }, { cr3_load_exiting = true } }
    return controls[lab.seed % #controls + 1]
  end,

  name_the_technique = function(trace)
    if trace:count("vm_entry") > 0 then return "hardware" end
    if trace:count("hypercall") > 0 then return "para" end
    return "full"
  end,

  is_translated = function(trace) return trace:count("block_translated") > 0 end,
}
