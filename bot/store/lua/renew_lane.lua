-- Prolong a lease, if the fence is still its holder's.
--
-- KEYS  1 lanes, 2 lane
-- ARGV  1 lane, 2 fence, 3 lease ms
-- Returns 1, or 0 if the lease was lost

if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]), ARGV[1])
return 1
