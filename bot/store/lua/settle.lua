-- End a lease: delete the entry, keep it at the head for later, or move it to the dead letters.
-- Checked against the fence: whoever lost the lease changes nothing.
--
-- KEYS  1 lanes, 2 lane, 3 queue, 4 count of entries, 5 dead letters, 6 answer of this call
-- ARGV  1 lane, 2 fence, 3 'done' | 'retry' | 'dead', 4 life of the answer ms,
--       5 of retry: after ms; of dead: reason, 6 of retry: uncertain 0|1; of dead: how many dead letters are kept
-- Returns 1, or 0 if the lease was lost

local remembered = redis.call('GET', KEYS[6])
if remembered then return tonumber(remembered) end
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[2] then return 0 end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lane, slot = ARGV[1], redis.call('LINDEX', KEYS[3], 0)

redis.call('SET', KEYS[6], 1, 'PX', ARGV[4])
redis.call('HDEL', KEYS[2], 'fence')

if ARGV[3] == 'retry' then
  -- Once in doubt, always in doubt: this attempt says nothing of an earlier one that never came back.
  if ARGV[6] == '1' then
    redis.call('HSET', KEYS[2], 'g' .. slot, 'u')
  elseif redis.call('HGET', KEYS[2], 'g' .. slot) == '1' then
    redis.call('HDEL', KEYS[2], 'g' .. slot)
  end
  redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', now + ARGV[5]), lane)
  return 1
end

local entry = redis.call('HMGET', KEYS[2], 'i' .. slot, 'b' .. slot, 'k' .. slot)
if ARGV[3] == 'dead' then
  local head = string.format('%d %d %d %.0f\n', #lane, #entry[1], #ARGV[5], now)
  redis.call('LPUSH', KEYS[5], head .. lane .. entry[1] .. ARGV[5] .. entry[2])
  redis.call('LTRIM', KEYS[5], 0, ARGV[6] - 1)
end

redis.call('LPOP', KEYS[3])
redis.call('DECR', KEYS[4])
if redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[1], lane)
  return 1
end
if entry[3] and redis.call('HGET', KEYS[2], 'c' .. entry[3]) == slot then
  redis.call('HDEL', KEYS[2], 'c' .. entry[3])
end
redis.call('HDEL', KEYS[2], 'i' .. slot, 'b' .. slot, 'q' .. slot, 'a' .. slot, 'g' .. slot, 'k' .. slot)
redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', now), lane)
return 1
