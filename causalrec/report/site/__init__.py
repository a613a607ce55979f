"""The site of a shop: static pages over everything that its nights left behind."""
