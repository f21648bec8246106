"""What is kept of a caller's address: enough to tell devices apart, too little to tell people."""

from ipaddress import IPv6Address, ip_address, ip_network

KEPT_BITS = {4: 24, 6: 48}


def network_of(address: str) -> str:
    """An IP address without its last part; empty for what is none.

    >>> network_of("203.0.113.77"), network_of("2001:db8:1:2::3"), network_of("::ffff:203.0.113.77"), network_of("x")
    ('203.0.113.0', '2001:db8:1::', '203.0.113.0', '')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    kept = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return str(ip_network(f"{kept}/{KEPT_BITS[kept.version]}", strict=False).network_address)
