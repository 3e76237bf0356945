#!lua
local uid, place, row, password = unpack(ARGV)
local users = key('u', place)
local has = call('HGET', users, uid)
if has then
	return {'conflict', has}
end
call('HSET', users, uid, row)
call('SET', key('p', uid), password)
call('ZADD', key('i', ''), 0, uid)
announce(uid)
return {'ok'}
