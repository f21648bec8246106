"""How the public web is laid out: addresses in one form, robots.txt, sitemaps, what a page says about itself. Pure."""
