#!lua flags=allow-oom
local id, now8, field = unpack(ARGV)
local row, values = call('GET', at(id)), key('v', sub(id, 3))
if not row or not live(row, userOf(id, owner(row)), epoch(), int(now8, 1)) then
	return {'over'}
end
local value = call('HGET', values, field)
if not value then
	return {'none'}
end
call('HDEL', values, field)
return {'ok', value}
