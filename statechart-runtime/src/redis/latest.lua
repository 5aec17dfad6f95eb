-- The newest candle of a series with its bucket. KEYS: the series.
local newest = redis.call('HGET', KEYS[1], 'newest')
if not newest then
    return {}
end
return {newest, redis.call('HGET', KEYS[1], newest) or ''}
