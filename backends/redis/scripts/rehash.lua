#!lua flags=allow-oom
local uid, place, old, new = unpack(ARGV)
if call('HEXISTS', key('u', place), uid) == 0 then
	return {'unknown'}
end
if call('GET', key('p', uid)) == old then
	call('SET', key('p', uid), new)
end
return {'ok'}
