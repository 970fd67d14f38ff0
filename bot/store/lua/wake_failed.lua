-- Count a failed wake-up and arm it again, or set the record aside. A record that is no longer claimed
-- was committed meanwhile: its new wake-up is left as it is.
--
-- KEYS  1 record, 2 wake-ups, 3 claims, 4 poisoned, 5 answer of this call
-- ARGV  1 member, 2 retry at, 3 give up after, 4 reason, 5 life of the answer ms
-- Returns 1 if the record was set aside, 0 if not

local remembered = redis.call('GET', KEYS[5])
if remembered then return tonumber(remembered) end
if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then return 0 end

local aside = 0
local failures = redis.call('HINCRBY', KEYS[1], 'f', 1)
redis.call('HSET', KEYS[1], 'fr', ARGV[4])
if failures >= tonumber(ARGV[3]) then
  local time = redis.call('TIME')
  aside = 1
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZADD', KEYS[4], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), ARGV[1])
else
  redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[1])
end
redis.call('SET', KEYS[5], aside, 'PX', ARGV[5])
return aside
