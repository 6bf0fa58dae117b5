-- release.lua: the holder gives an unconfirmed claim back.
-- KEYS[1]  the order's hash (see open.lua for its fields)
-- ARGV[1]  pharmacy id
-- Returns 1 when freed, 0 when it was not this pharmacy's to free. A winner is read before the hold,
-- so releasing a confirmed claim has no effect on it.
if redis.call('hget', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('hdel', KEYS[1], 'holder', 'until')
return 1
