-- Variants by seed: streams of numbers that do not disturb one another, and lists in another order. The same seed gives
-- the same variant on every host.
local variants = {}

-- Stream number `stream` (0 to 15) of a seed: what one task draws changes nothing for the next.
function variants.stream(seed, stream) return trapline.random(seed * 16 + stream) end

-- A copy in an order made from a stream (Fisher and Yates).
function variants.shuffled(list, random)
  local copy = { table.unpack(list) }
  for i = #copy, 2, -1 do
    local j = random(i) + 1
    copy[i], copy[j] = copy[j], copy[i]
  end
  return copy
end

return variants
