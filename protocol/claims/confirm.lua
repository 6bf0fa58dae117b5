-- confirm.lua: the journal says who won; that stands over any hold and over a close (C11).
-- KEYS[1]  the order's hash (see open.lua for its fields)
-- ARGV[1]  pharmacy id of the winner
-- Returns 1, or 0 when the order is unknown: a hash without its pharmacies would answer
-- `not_eligible` to those who were asked, where `unknown` sends the edge to the actor.
if redis.call('exists', KEYS[1]) == 0 then return 0 end
redis.call('hset', KEYS[1], 'winner', ARGV[1])
return 1
