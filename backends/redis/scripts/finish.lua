#!lua flags=allow-oom
-- Goes on where change stopped.
local uid, place, now8, from = unpack(ARGV)
return {finishAll(uid, call('HGET', key('u', place), uid), epoch(), now8, tonumber(from))}
