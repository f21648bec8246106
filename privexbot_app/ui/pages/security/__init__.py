"""How the user signs in: ways in, second factor, devices."""
