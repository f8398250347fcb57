-- The rule of rule.py as PowerDNS answers it: every query of the lab is decided here, before any backend.
-- `lab up` replaces the three lines marked @…@. Runs inside each PowerDNS thread, so it keeps no state.
local bit = require 'bit'
local bxor, tobit, lshift = bit.bxor, bit.tobit, bit.lshift

local TLDS = { --@TLDS@
}
local FIXED = { --@FIXED@
}
local CLASSES = { --@CLASSES@
}

local A, SOA, ANSWER, AUTHORITY, TTL = 1, 6, 1, 2, 60
local SOA_TEXT = 'ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 60'

local buckets = {}
for _, class in ipairs(CLASSES) do
	for _ = 1, class.share do buckets[#buckets + 1] = class end
end

-- FNV-1a, 32 bits. The prime is 2^24 + 403, so that no product leaves the range where doubles are exact.
local function fnv1a(name)
	local value = tobit(0x811c9dc5)
	for i = 1, #name do
		value = bxor(value, name:byte(i))
		value = tobit(value * 403 + lshift(value, 24))
	end
	return value % 4294967296
end

local function zone_of(name)
	for _, tld in ipairs(TLDS) do
		if name == tld or name:sub(-#tld - 1) == '.' .. tld then return tld end
	end
end

local function answer(dq, qname, qtype, zone, class, page)
	dq:setRcode(class.rcode)
	if class.alias then
		local alias = 'host.' .. qname
		dq:addRecords({ newDR(newDN(qname), 'CNAME', TTL, alias, ANSWER) })
		qname = alias
	end
	if class.number > 0 and qtype == A then
		local address = '127.1.' .. class.number .. '.' .. (page + 1)
		dq:addRecords({ newDR(newDN(qname), 'A', TTL, address, ANSWER) })
	elseif class.rcode == 0 or class.rcode == 3 then
		dq:addRecords({ newDR(newDN(zone), 'SOA', TTL, SOA_TEXT, AUTHORITY) })
	end
end

function prequery(dq)
	local qname, qtype = dq:getQuestion()
	local name = qname:lower():gsub('%.$', '')
	local zone = zone_of(name)

	if not zone then
		dq:setRcode(5)
	elseif name == zone then
		if qtype == SOA then dq:addRecords({ newDR(newDN(zone), 'SOA', TTL, SOA_TEXT, ANSWER) }) end
	elseif FIXED[name] then
		answer(dq, qname, qtype, zone, FIXED[name].class, FIXED[name].page)
	else
		local value = fnv1a(name)
		local class = buckets[value % 1000 + 1]
		local page = class.addresses > 0 and math.floor(value / 1000) % class.addresses or 0
		answer(dq, qname, qtype, zone, class, page)
	end
	return true
end
