-- Count one use within a sliding window; a use that was refused does not count.
--
-- KEYS  1 uses
-- ARGV  1 nonce of this use, 2 limit, 3 window ms
-- Returns 1 if it is allowed, else 0

if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[3]))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
