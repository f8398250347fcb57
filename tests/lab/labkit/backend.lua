-- PowerDNS insists on a backend; answer.lua has replied before it is asked.
function dns_lookup() return {} end
function dns_list() return false end
function dns_get_domaininfo() return false end
function dns_get_domain_metadata() return false end
