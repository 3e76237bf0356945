#!lua
local id, now8, field, value = unpack(ARGV)
local row = call('GET', at(id))
if not row or not live(row, userOf(id, owner(row)), epoch(), int(now8, 1)) then
	return {'over'}
end
call('HSET', key('v', sub(id, 3)), field, value)
call('PEXPIRE', key('v', sub(id, 3)), call('PTTL', at(id)))
return {'ok'}
