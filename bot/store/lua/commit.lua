-- Write one decision, or nothing. Everything is checked before the first write, because a script that
-- fails half-way keeps what it wrote. A script that was sent again after a lost reply finds its nonce
-- in the record and answers what it answered first.
--
-- KEYS  1 record, 2 events, 3 wake-ups, 4 claims, 5 poisoned, 6 lanes, 7 count of entries;
--       then the operation's key if there is one; per guard: its key; per entry: its lane, its queue;
--       per index change: the index
-- ARGV  1 member, 2 expected version, 3 body, 4 nonce (16 characters), 5 wake-up or '', 6 life of an operation s,
--       7..11 how many operations (0 or 1), guards, events, entries, index changes;
--       then per operation: its answer; per guard: name, owner, life s or ''; per event: the event;
--       per entry: lane, id, body, coalesce key or ''; per index change: member, score or ''
-- Returns {'committed', version} | {'replayed', answer} | {'conflict', version} | {'taken', name, owner}

local NONCES_KEPT = 4
local NONCE_SIZE = 17  -- with its comma

local member, expected, body, nonce, wake_at = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local key_at, arg_at = 7, 11

local function next_key()
  key_at = key_at + 1
  return KEYS[key_at]
end

local function next_arg()
  arg_at = arg_at + 1
  return ARGV[arg_at]
end

local wrong
local function must_hold(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= kind then
    wrong = wrong or ('WRONGTYPE ' .. key .. ' holds a ' .. found .. ', not a ' .. kind)
  end
  return key
end

local function must_be_number(text, least)
  local number = tonumber(text)
  if text ~= '' and (not number or number < least) then wrong = wrong or ('ERR ' .. text .. ' is not a number of use here') end
  return text
end

-- Read the request and look at everything that will be written.

must_hold(KEYS[1], 'hash')
must_hold(KEYS[2], 'list')
for i = 3, 6 do must_hold(KEYS[i], 'zset') end
must_hold(KEYS[7], 'string')
must_be_number(wake_at, -math.huge)

local operation, answer
if ARGV[7] == '1' then operation, answer = must_hold(next_key(), 'string'), next_arg() end

local guards, events, entries, changes = {}, {}, {}, {}
for i = 1, tonumber(ARGV[8]) do
  guards[i] = {key = must_hold(next_key(), 'string'), name = next_arg(), owner = next_arg(),
               life = must_be_number(next_arg(), 1)}
end
for i = 1, tonumber(ARGV[9]) do events[i] = next_arg() end
for i = 1, tonumber(ARGV[10]) do
  entries[i] = {lane = must_hold(next_key(), 'hash'), queue = must_hold(next_key(), 'list'),
                name = next_arg(), id = next_arg(), body = next_arg(), coalesce = next_arg()}
end
for i = 1, tonumber(ARGV[11]) do
  changes[i] = {index = must_hold(next_key(), 'zset'), member = next_arg(),
                score = must_be_number(next_arg(), -math.huge)}
end
if wrong then return redis.error_reply(wrong) end

local known = redis.call('HMGET', KEYS[1], 'v', 'n', 'f')
local version, nonces, failed = tonumber(known[1] or 0), known[2] or '', known[3]

local seen = string.find(nonces, nonce, 1, true)
if seen then return {'committed', version - (seen - 1) / NONCE_SIZE} end
if operation then
  local first = redis.call('GET', operation)
  if first then return {'replayed', first} end
end
if version ~= expected then return {'conflict', version} end
local taken = {}
for _, guard in ipairs(guards) do
  local owner = taken[guard.key] or redis.call('GET', guard.key)
  if owner and owner ~= guard.owner then return {'taken', guard.name, owner} end
  taken[guard.key] = guard.owner
end

-- Nothing below this line can fail.

version = version + 1
nonces = string.sub(nonce .. ',' .. nonces, 1, NONCES_KEPT * NONCE_SIZE)
redis.call('HSET', KEYS[1], 'v', version, 'b', body, 'n', nonces)
if failed then
  redis.call('HDEL', KEYS[1], 'f', 'fr')
  redis.call('ZREM', KEYS[5], member)
end
redis.call('ZREM', KEYS[4], member)
if wake_at == '' then
  redis.call('HDEL', KEYS[1], 'w')
  redis.call('ZREM', KEYS[3], member)
else
  redis.call('HSET', KEYS[1], 'w', wake_at)
  redis.call('ZADD', KEYS[3], wake_at, member)
end

if operation then redis.call('SET', operation, answer, 'EX', ARGV[6]) end
for _, guard in ipairs(guards) do
  if guard.life == '' then
    redis.call('SET', guard.key, guard.owner)
  else
    redis.call('SET', guard.key, guard.owner, 'EX', guard.life)
  end
end
for _, event in ipairs(events) do redis.call('RPUSH', KEYS[2], event) end
for _, change in ipairs(changes) do
  if change.score == '' then
    redis.call('ZREM', change.index, change.member)
  else
    redis.call('ZADD', change.index, change.score, change.member)
  end
end

-- A lane is a queue of slots. A newer entry takes over the slot of a waiting older one of its coalesce
-- key, so it keeps the place; a slot whose sending has begun is left alone.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
for _, entry in ipairs(entries) do
  local slot
  if entry.coalesce ~= '' then
    slot = redis.call('HGET', entry.lane, 'c' .. entry.coalesce)
    if slot and redis.call('HEXISTS', entry.lane, 'g' .. slot) == 1 then slot = nil end
  end
  if slot then
    redis.call('HSET', entry.lane, 'i' .. slot, entry.id, 'b' .. slot, entry.body)
    redis.call('HDEL', entry.lane, 'a' .. slot)
  else
    slot = redis.call('HINCRBY', entry.lane, 'seq', 1)
    redis.call('HSET', entry.lane, 'i' .. slot, entry.id, 'b' .. slot, entry.body, 'q' .. slot, now)
    if entry.coalesce ~= '' then
      redis.call('HSET', entry.lane, 'c' .. entry.coalesce, slot, 'k' .. slot, entry.coalesce)
    end
    redis.call('RPUSH', entry.queue, slot)
    redis.call('INCR', KEYS[7])
    redis.call('ZADD', KEYS[6], 'NX', now, entry.name)
  end
end
return {'committed', version}
