-- Say how far behind the desk is. A record whose wake-up is claimed and not yet committed is still due.
--
-- KEYS  1 wake-ups, 2 claims, 3 lanes, 4 count of entries, 5 dead letters, 6 poisoned
-- ARGV  1 now, 2 how many claims to look at, 3 prefix of record keys
-- Returns {due, oldest due or '', lanes, entries, oldest lane or '', dead, poisoned}

local now = tonumber(ARGV[1])
local due, oldest = redis.call('ZCOUNT', KEYS[1], '-inf', now), nil

local first = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, 1)
if first[1] then oldest = tonumber(redis.call('HGET', ARGV[3] .. first[1], 'w') or first[2]) end

local claims = redis.call('ZRANGE', KEYS[2], 0, ARGV[2] - 1, 'WITHSCORES')
for i = 1, #claims, 2 do
  local armed, hidden_until = tonumber(claims[i + 1]), tonumber(redis.call('ZSCORE', KEYS[1], claims[i]) or now)
  if armed <= now then
    if hidden_until > now then due = due + 1 end
    oldest = math.min(oldest or armed, armed)
  end
end

local time = redis.call('TIME')
local lane = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
local could_send = tonumber(lane[2])
if could_send and could_send > time[1] * 1000 + math.floor(time[2] / 1000) then could_send = nil end

return {due, oldest and string.format('%.0f', oldest) or '', redis.call('ZCARD', KEYS[3]),
        tonumber(redis.call('GET', KEYS[4]) or 0), could_send and string.format('%.0f', could_send) or '',
        redis.call('LLEN', KEYS[5]), redis.call('ZCARD', KEYS[6])}
