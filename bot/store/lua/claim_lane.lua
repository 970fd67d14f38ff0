-- Lease the lane whose turn it is and whose rate limits allow a send now; count the send against them.
-- The score of a lane is the real time of its next possible send, so lanes that must wait are put there
-- and the next one is looked at.
--
-- KEYS  1 lanes, 2 fence, 3 answer of this call
-- ARGV  1 prefix of lane keys, 2 of queues, 3 of send logs, 4 lease ms, 5 limits as JSON
--       [[lane prefix, [[count, period ms], ...]], ...], 6 how many lanes to look at, 7 life of the answer ms
-- Returns {'claimed', lane, fence, id, body, attempts, uncertain 0|1, queued at} | {'wait', ms, or -1: nothing waits}

local function claimed(lane, key, fence)
  local slot = redis.call('LINDEX', ARGV[2] .. lane, 0)
  local entry = redis.call('HMGET', key, 'i' .. slot, 'b' .. slot, 'a' .. slot, 'g' .. slot, 'q' .. slot)
  return {'claimed', lane, tonumber(fence), entry[1], entry[2], tonumber(entry[3]),
          entry[4] == 'u' and 1 or 0, tonumber(entry[5])}
end

local remembered = redis.call('GET', KEYS[3])
if remembered then
  local fence, lane = string.match(remembered, '^(%d+) (.*)$')
  if redis.call('HGET', ARGV[1] .. lane, 'fence') == fence then
    return claimed(lane, ARGV[1] .. lane, fence)
  end
end

local limits = cjson.decode(ARGV[5])
local function rates_of(lane)
  for _, limit in ipairs(limits) do
    if string.sub(lane, 1, #limit[1]) == limit[1] then return limit[2] end
  end
  return {}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function next_lane()
  local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return head[1], tonumber(head[2])
end

for _ = 1, tonumber(ARGV[6]) do
  local lane, at = next_lane()
  if not lane or at > now then break end
  local key, log, rates = ARGV[1] .. lane, ARGV[3] .. lane, rates_of(lane)
  local slot = redis.call('LINDEX', ARGV[2] .. lane, 0)

  local allowed, longest_log, longest_period = now, 0, 0
  for _, rate in ipairs(rates) do
    local edge = redis.call('LINDEX', log, -rate[1])
    if edge then allowed = math.max(allowed, tonumber(edge) + rate[2]) end
    longest_log, longest_period = math.max(longest_log, rate[1]), math.max(longest_period, rate[2])
  end

  if not slot then
    redis.call('ZREM', KEYS[1], lane)
  elseif allowed > now then
    redis.call('ZADD', KEYS[1], string.format('%.0f', allowed), lane)
  else
    local fence = redis.call('INCR', KEYS[2])
    local before = redis.call('HGET', key, 'g' .. slot)
    redis.call('HSET', key, 'fence', fence, 'g' .. slot, before and 'u' or '1')
    redis.call('HINCRBY', key, 'a' .. slot, 1)
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[4]), lane)
    if longest_log > 0 then
      redis.call('RPUSH', log, string.format('%.0f', now))
      redis.call('LTRIM', log, -longest_log, -1)
      redis.call('PEXPIRE', log, longest_period)
    end
    redis.call('SET', KEYS[3], fence .. ' ' .. lane, 'PX', ARGV[7])
    return claimed(lane, key, fence)
  end
end

local lane, at = next_lane()
return {'wait', lane and math.max(0, at - now) or -1}
