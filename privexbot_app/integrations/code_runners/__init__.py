"""Code runners: interpreters for the small programs of flows, without a host."""
