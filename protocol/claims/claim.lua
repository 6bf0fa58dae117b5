-- claim.lua: a pharmacy asks for an order.
-- KEYS[1]  the order's hash (see open.lua for its fields)
-- ARGV[1]  pharmacy id
-- ARGV[2]  lease, ms: how long an unconfirmed claim holds
-- Returns {outcome} or {outcome, detail}: won, held, taken <winner>, not_eligible, too_late,
-- closed <expired|cancelled>, unknown.
--
-- Sent twice it gives the same caller the same answer: the holder hears `won` again, and the lease
-- is not renewed. Time is Redis's own, so the edges' clocks do not matter.
local order = redis.call('hmget', KEYS[1], 'deadline', 'v:' .. ARGV[1], 'winner', 'closed', 'holder', 'until')
local deadline, eligible, winner, closed, holder, held_until = unpack(order)
if not deadline then return {'unknown'} end
if not eligible then return {'not_eligible'} end
if winner == ARGV[1] then return {'won'} end
if winner then return {'taken', winner} end
if closed then return {'closed', closed} end

local time = redis.call('time')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if holder and now_ms < tonumber(held_until) then
  if holder == ARGV[1] then return {'won'} end
  return {'held'}
end
if now_ms >= tonumber(deadline) then return {'too_late'} end
redis.call('hset', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now_ms + ARGV[2]))
return {'won'}
