-- Puts candles into a series, all or nothing, and moves its window. See cache.rs for the layout.
-- KEYS: the series, the mark that its writer is there. ARGV: claim ('none', 'begin' or 'extend'), token, window's start
-- and end (ms), width of a bucket (ms), candles to keep, how many more before old ones go, seconds to live, how long the
-- mark stays (ms); then for each candle: bucket (ms), its value.
local key = KEYS[1]
local claim, token = ARGV[1], ARGV[2]
local lo, hi, width = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local keep, slack, live = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

-- Somebody else has written it, or it was lost: what was put before is not all there.
if claim == 'extend' and redis.call('HGET', key, 'token') ~= token then
    return {-1, 0}
end

-- Whoever begins brings all candles of the window: what others have put may be another store's.
if claim == 'begin' then
    redis.call('DEL', key)
end

local trust = { rest = 1, mixed = 2, trades = 3 }
local function rank(value)
    local revision, source = string.match(value, '^(%d+)|.*|(%a+)$')
    return trust[source] or 0, tonumber(revision) or 0
end

local stored, ignored = 0, 0
local newest = tonumber(redis.call('HGET', key, 'newest') or '')
for at = 10, #ARGV, 2 do
    local bucket, value = ARGV[at], ARGV[at + 1]
    local known = redis.call('HGET', key, bucket)
    local better = true
    if known then
        local known_source, known_revision = rank(known)
        local source, revision = rank(value)
        better = source > known_source or (source == known_source and revision > known_revision)
    end
    if better then
        redis.call('HSET', key, bucket, value)
        stored = stored + 1
        if not newest or tonumber(bucket) > newest then
            newest = tonumber(bucket)
            redis.call('HSET', key, 'newest', bucket)
        end
    else
        ignored = ignored + 1
    end
end

local function put(field, number)
    redis.call('HSET', key, field, string.format('%.0f', number))
end

if claim ~= 'none' then
    local old_lo, old_hi = tonumber(redis.call('HGET', key, 'lo') or ''), tonumber(redis.call('HGET', key, 'hi') or '')
    if claim == 'extend' and old_lo and old_hi and lo < hi then
        if lo <= old_hi and old_lo <= hi then
            lo, hi = math.min(lo, old_lo), math.max(hi, old_hi)
        elseif old_hi > hi then
            -- Two islands: the newer one is what readers ask for.
            lo, hi = old_lo, old_hi
        end
    elseif lo >= hi and claim == 'extend' then
        lo, hi = old_lo, old_hi
    end
    redis.call('HSET', key, 'token', token)
    redis.call('SET', KEYS[2], token, 'PX', ARGV[9])
    if lo and hi and lo < hi then
        put('lo', lo)
        put('hi', hi)
    end
end

-- `lo`, `hi`, `token`, `newest` and `floor` are fields, too.
if redis.call('HLEN', key) > keep + slack + 5 then
    local buckets = {}
    for _, field in ipairs(redis.call('HKEYS', key)) do
        local bucket = tonumber(field)
        if bucket then
            buckets[#buckets + 1] = bucket
        end
    end
    table.sort(buckets)
    for at = 1, #buckets - keep do
        redis.call('HDEL', key, string.format('%.0f', buckets[at]))
        put('floor', buckets[at] + width)
    end
end

-- No claim reaches back behind what was dropped.
local floor, start = tonumber(redis.call('HGET', key, 'floor') or ''), tonumber(redis.call('HGET', key, 'lo') or '')
if floor and start and start < floor then
    put('lo', floor)
end
redis.call('EXPIRE', key, live)
return {stored, ignored}
