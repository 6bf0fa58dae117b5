-- open.lua: an order's claim begins.
-- KEYS[1]  the order's hash
-- ARGV[1]  deadline, ms since the epoch
-- ARGV[2]  afterlife, ms: how long after the deadline the hash is kept
-- ARGV[3]… ids of the pharmacies that were asked
-- Returns 1 when opened, 0 when it was there already; then nothing changes (C9).
--
-- One hash holds all: deadline, holder, until, winner, closed, and a field `v:<pharmacy>` per pharmacy.
-- A set beside it could be evicted alone, and every pharmacy would then hear `not_eligible`.
if redis.call('exists', KEYS[1]) == 1 then return 0 end
redis.call('hset', KEYS[1], 'deadline', ARGV[1])
for first = 3, #ARGV, 1000 do
  local fields = {}
  for i = first, math.min(first + 999, #ARGV) do
    fields[#fields + 1] = 'v:' .. ARGV[i]
    fields[#fields + 1] = '1'
  end
  redis.call('hset', KEYS[1], unpack(fields))
end
redis.call('pexpireat', KEYS[1], string.format('%.0f', ARGV[1] + ARGV[2]))
return 1
