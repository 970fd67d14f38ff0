-- Give out due records and hide them until a later score: a hint that keeps replicas from deciding the
-- same thing twice. The armed time stays in the record and in the claims, so a crash only delays.
--
-- KEYS  1 wake-ups, 2 claims, 3 answer of this call
-- ARGV  1 now, 2 how many at most, 3 hidden until, 4 prefix of record keys, 5 life of the answer ms
-- Returns {member, armed, member, armed, ...}

local found = {}

local remembered = redis.call('LRANGE', KEYS[3], 0, -1)
if #remembered > 0 then
  for _, member in ipairs(remembered) do
    local armed = redis.call('ZSCORE', KEYS[2], member)
    if armed then
      found[#found + 1] = member
      found[#found + 1] = armed
    end
  end
  return found
end

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #due, 2 do
  local member = due[i]
  local armed = redis.call('HGET', ARGV[4] .. member, 'w') or due[i + 1]
  redis.call('ZADD', KEYS[1], 'XX', ARGV[3], member)
  redis.call('ZADD', KEYS[2], armed, member)
  redis.call('RPUSH', KEYS[3], member)
  found[#found + 1] = member
  found[#found + 1] = armed
end
if #found > 0 then redis.call('PEXPIRE', KEYS[3], ARGV[5]) end
return found
