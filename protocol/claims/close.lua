-- close.lua: the request has ended without a winner. The first outcome stands; a confirmed winner
-- is read before it and so stays (C7).
-- KEYS[1]  the order's hash (see open.lua for its fields)
-- ARGV[1]  expired | cancelled
-- Returns 1 when this call closed it, 0 when it was closed before or is unknown.
if redis.call('exists', KEYS[1]) == 0 then return 0 end
return redis.call('hsetnx', KEYS[1], 'closed', ARGV[1])
