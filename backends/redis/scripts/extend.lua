#!lua flags=allow-oom
-- Records activity: see Store.Extend. Not announced.
local id, now8 = unpack(ARGV)
local row, now = call('GET', at(id)), int(now8, 1)
if not row or not live(row, userOf(id, owner(row)), epoch(), now) or now < int(row, 27) + int(row, 59) then
	return {}
end
row = touch(row, now, now8)
put(id, row, now)
return {sub(row, 35, 42)}
