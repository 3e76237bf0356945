#!lua flags=allow-oom
-- Gives a session a new start and a new secret: see Store.Reauthenticate.
local id, now8, former, version, lifetime, secret, texts = unpack(ARGV)
local row, now = call('GET', at(id)), int(now8, 1)
local user = row and userOf(id, owner(row))
if not row or not live(row, user, epoch(), now) or sub(row, 19, 26) ~= former then
	return {'unknown'}
elseif version ~= '' and sub(user, 1, 8) ~= version then
	return {'conflict'}
end
local fixed = struct.unpack('>H', row, 139)
row = sub(row, 1, 18) .. lifetime .. sub(row, 91, 106) .. secret .. sub(row, 139, 140 + fixed) .. texts
put(id, row, now)
announce(owner(row))
return {'ok', owner(row)}
