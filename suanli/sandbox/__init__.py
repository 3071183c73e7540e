"""Loopback stand-ins of every outside platform, for the demo and the tests; production never imports them."""
